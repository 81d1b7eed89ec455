import { currentContext, withContext } from '@escapement/base'
import { createScheduler, defineJob, every, memoryStore } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

test('rule 29: inside a handler, and after its awaits, the ambient context names job, execution, attempt and trace', async () => {
  await using cluster = new Cluster()
  const seen: unknown[] = []
  const job = defineJob({
    name: 'traced',
    retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 1, jitter: 'none' } },
    run: async ({ attempt }) => {
      seen.push(currentContext())
      await cluster.runtime.sleep(10)
      seen.push(currentContext())
      if (attempt === 1) throw new Error('again')
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { id } = await cluster.run(
    withContext({ traceparent, principal: { type: 'user', id: 'ada' } }, () => scheduler.enqueue(job)),
  )
  await cluster.run(scheduler.wait(id))
  const context = (attempt: number): object => ({
    principal: { type: 'system', id: 'job/traced' },
    executionId: id,
    job: 'traced',
    attempt,
    traceparent,
  })
  expect(seen).toEqual([context(1), context(1), context(2), context(2)])
  expect(currentContext()).toBeUndefined()
  expect((await scheduler.execution(id))?.execution).toMatchObject({ createdBy: 'user:ada', traceparent })
})

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

test('rule 30: input, output, log and error pass the redact list before storage, and input again before display', async () => {
  await using cluster = new Cluster()
  const received: unknown[] = []
  const job = defineJob({
    name: 'secretive',
    redact: ['**.token'],
    run: ({ input, log }) => {
      received.push(input)
      const { token } = input as { token: string }
      log.info(`using ${token}`, { token, kept: 'yes' })
      if ((input as { fail?: boolean }).fail === true) throw new Error(`refused ${token}`, { cause: new Error(token) })
      return { token, ok: true }
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job], redact: ['**.ok'] })
  const good = await cluster.run(scheduler.enqueue(job, { token: 'hunter2-hunter2' }))
  await cluster.run(scheduler.wait(good.id))
  const bad = await cluster.run(scheduler.enqueue(job, { token: 'hunter2-hunter2', fail: true }))
  await cluster.run(scheduler.wait(bad.id))
  expect(received).toEqual([{ token: 'hunter2-hunter2' }, { token: 'hunter2-hunter2', fail: true }])

  const shown = JSON.stringify(
    [await scheduler.execution(good.id), await scheduler.execution(bad.id), (await scheduler.executions()).items],
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
  expect(shown).not.toContain('hunter2')
  const found = await scheduler.execution(good.id)
  expect(found?.execution.output).toBe('{"token":"[redacted]","ok":"[redacted]"}')
  expect(found?.attempts[0]?.log[0]?.message).toBe('using [redacted]')
  const stored = await cluster.store.execution('default', bad.id)
  const storedText = JSON.stringify(
    { ...stored?.execution, input: null, attempts: stored?.attempts },
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
  expect(storedText).not.toContain('hunter2')
})

test('rule 30: another process redacts the input of a job whose code it does not have', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'secretive', redact: ['password'], run: () => undefined })
  const owner = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(owner.scheduler.enqueue(job, { password: 'hunter2', user: 'ada' }))
  const reader = cluster.add({ jobs: [] })
  expect((await reader.scheduler.execution(id))?.execution.input).toBe('{"password":"[redacted]","user":"ada"}')
})

test('rule 26: namespaces of one store do not see each other', async () => {
  await using cluster = new Cluster()
  const ran: string[] = []
  const inSpace = (namespace: string): Parameters<Cluster['start']>[0] => ({
    namespace,
    jobs: [defineJob({ name: 'same', trigger: every('1m'), run: () => void ran.push(namespace) })],
  })
  const first = await cluster.start(inSpace('first'))
  const second = await cluster.start(inSpace('second'))
  await cluster.reach(MINUTE)
  expect(ran.toSorted()).toEqual(['first', 'second'])
  await cluster.run(first.scheduler.pause('same'))
  await cluster.run(first.scheduler.enqueue('same', undefined, { key: 'one' }))
  const { existing } = await cluster.run(second.scheduler.enqueue('same', undefined, { key: 'one' }))
  expect(existing).toBe(false)
  await cluster.reach(2.5 * MINUTE)
  expect(ran.filter((namespace) => namespace === 'second')).toHaveLength(3)
  expect((await first.scheduler.instances()).length).toBe(1)
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
