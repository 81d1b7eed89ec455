import { currentContext } from '@escapement/base'
import { createScheduler, defineJob, memoryStore } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, SECOND } from './cluster.ts'

test('rule 29: two handlers that run at once do not see each other, and what a handler enqueues is its own', async () => {
  await using cluster = new Cluster()
  const seen = new Map<string, Set<string | undefined>>()
  const child = defineJob({ name: 'child', overlap: 'allow', run: () => undefined })
  const job = defineJob({
    name: 'parent',
    overlap: 'allow',
    run: async ({ executionId }) => {
      const mine = new Set<string | undefined>()
      seen.set(executionId, mine)
      for (let step = 0; step < 5; step++) {
        await cluster.runtime.sleep(7)
        mine.add(currentContext()?.executionId)
      }
      await scheduler.enqueue(child)
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job, child] })
  await cluster.run(scheduler.enqueueMany(job, [1, 2, 3]))
  await cluster.reach(SECOND)
  expect(seen.size).toBe(3)
  for (const [id, mine] of seen) expect([...mine]).toEqual([id])
  const { items } = await scheduler.executions({ jobs: ['child'] })
  expect(items.map(({ createdBy }) => createdBy)).toEqual(Array(3).fill('system:job/parent'))
})

test('rule 29: onFailed runs in the context of its execution', async () => {
  await using cluster = new Cluster()
  const seen: unknown[] = []
  const job = defineJob({
    name: 'failing',
    run: () => {
      throw new Error('no')
    },
    onFailed: () => void seen.push(currentContext()),
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.turn()
  expect(seen).toMatchObject([{ executionId: id, principal: { type: 'system', id: 'job/failing' } }])
})

test('rule 30: another process redacts the input of a job whose code it does not have', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'secretive', redact: ['password'], run: () => undefined })
  const owner = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(owner.scheduler.enqueue(job, { password: 'hunter2', user: 'ada' }))
  const reader = cluster.add({ jobs: [] })
  expect((await reader.scheduler.execution(id))?.execution.input).toBe('{"password":"[redacted]","user":"ada"}')
})

test('rule 26: names of namespaces and queues that do not match are refused', () => {
  const store = memoryStore()
  for (const namespace of ['', 'Has Space', 'ümlaut', `a${'b'.repeat(128)}`]) {
    expect(() => createScheduler({ jobs: [], store, namespace })).toThrow(/namespace is/)
  }
  expect(() => createScheduler({ jobs: [], store, queues: { 'no good': {} } })).toThrow(/queue name is "no good"/)
})

test('progress and log of an execution can be read while it runs and afterwards', async () => {
  await using cluster = new Cluster()
  const job = defineJob({
    name: 'long',
    run: async ({ progress, log }) => {
      for (const percent of [10, 40, 70]) {
        progress(percent)
        log.info(`at ${percent}`)
        await cluster.runtime.sleep(10 * SECOND)
      }
      for (let line = 0; line < 1_000; line++) log.debug(`line ${line}`)
    },
  })
  const { scheduler, events } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(15 * SECOND)
  expect((await scheduler.execution(id))?.execution.progress).toBe(40)
  await cluster.run(scheduler.wait(id))
  const found = await scheduler.execution(id)
  expect(found?.execution.progress).toBe(70)
  const lines = found?.attempts[0]?.log ?? []
  expect(lines).toHaveLength(501)
  expect(lines[0]?.message).toBe('503 earlier lines were dropped')
  expect(lines.at(-1)?.message).toBe('line 999')
  expect(events.filter(({ type }) => type === 'execution:progress').map(({ progress }) => progress)).toEqual([
    10, 40, 70,
  ])
})
