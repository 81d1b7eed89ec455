import { createScheduler, defineJob, every, memoryStore, type Scheduler, StoreUnavailableError } from '@escapement/core'
import { faultyStore, type FaultyStoreMethod, virtualRuntime } from '@escapement/testkit'
import { expect, test, vi } from 'vitest'

const job = defineJob({ name: 'report', trigger: every('10s'), run: () => undefined })

test.each<[string, FaultyStoreMethod, (scheduler: Scheduler, now: number) => Promise<unknown>]>([
  ['an enqueue of a job that is not registered yet', 'changeDefinitions', (scheduler) => scheduler.enqueue(job)],
  ['an enqueue', 'enqueue', (scheduler) => scheduler.enqueue(job)],
  ['a backfill', 'backfill', (scheduler, now) => scheduler.backfill(job, { from: now - 20_000, to: now, force: true })],
  ['a retirement', 'plan', (scheduler) => scheduler.retire(job)],
  ['a start', 'changeDefinitions', (scheduler) => scheduler.start()],
  ['a page of executions', 'executions', (scheduler) => scheduler.executions()],
])('%s is given up within 20 s when the store does not answer', async (_, method, call) => {
  const runtime = virtualRuntime()
  const plain = memoryStore({ runtime })
  if (method !== 'changeDefinitions') {
    const other = createScheduler({ jobs: [job], store: plain, runtime })
    await runtime.runUntil(other.start())
    await runtime.advance('1m')
    await runtime.runUntil(other.stop())
  }
  const store = faultyStore(plain, { runtime, rates: { [method]: { error: 1 } } })
  const scheduler = createScheduler({ jobs: [job], store, runtime })
  const startedAt = runtime.now()
  await expect(runtime.runUntil(call(scheduler, startedAt), '1h')).rejects.toThrow(StoreUnavailableError)
  expect(runtime.now() - startedAt).toBeLessThanOrEqual(20_000)
})

test('a start that does not reach the store says so once: there is nothing to withdraw', async () => {
  const runtime = virtualRuntime()
  const away = new StoreUnavailableError('the server does not answer')
  const store = memoryStore({ runtime })
  store.open = () => Promise.reject(away)
  const remove = vi.spyOn(store, 'removeInstance')
  const scheduler = createScheduler({ jobs: [job], store, runtime })
  await expect(runtime.runUntil(scheduler.start(), '1h')).rejects.toBe(away)
  expect(remove).not.toHaveBeenCalled()
})
