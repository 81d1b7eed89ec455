import { setTimeout } from 'node:timers/promises'
import { InvalidOptionError } from '@escapement/base'
import {
  createScheduler,
  defineJob,
  DuplicateJobError,
  every,
  InvalidInputError,
  UnknownJobError,
  WaitTimeoutError,
} from '@escapement/core'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

test('an unknown job is refused with the nearest name that exists', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'keys.expire', run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await expect(scheduler.enqueue('keys.exprie')).rejects.toThrow(UnknownJobError)
  await expect(scheduler.enqueue('keys.exprie')).rejects.toThrow(/"keys.exprie"; did you mean "keys.expire"\?/)
  await expect(scheduler.pause('keys.exprie')).rejects.toThrow(UnknownJobError)
  await expect(scheduler.ticks('nothing-alike', { from: 0, to: 1 })).rejects.toThrow(
    /no job is called "nothing-alike"$/,
  )
})

test('a job name that is given twice, or belongs to Escapement, is refused', () => {
  const job = defineJob({ name: 'same', run: () => undefined })
  expect(() => createScheduler({ jobs: [job, defineJob({ name: 'same', run: () => 1 })] })).toThrow(DuplicateJobError)
  expect(() => createScheduler({ jobs: [defineJob({ name: 'escapement.retention', run: () => 1 })] })).toThrow(
    /belongs to Escapement/,
  )
})

test('options that cannot be are refused before anything is done', () => {
  const cases: readonly [options: object, message: RegExp][] = [
    [{ jobs: 'none' }, /jobs is not an array/],
    [{ jobs: [], lease: '1s' }, /lease/],
    [{ jobs: [], horizon: '10ms' }, /horizon/],
    [{ jobs: [], retention: -5 }, /retention/],
    [{ jobs: [], retention: '9999999d' }, /retention/],
    [{ jobs: [], concurrency: 0 }, /concurrency is 0/],
    [{ jobs: [], version: 1.5 }, /version is 1.5/],
    [{ jobs: [], accept: { jobs: ['missing'] } }, /accept.jobs names "missing"/],
  ]
  for (const [options, message] of cases) {
    expect(() => createScheduler(options as never)).toThrow(InvalidOptionError)
    expect(() => createScheduler(options as never)).toThrow(message)
  }
})

test('a payload that fails its schema is refused where it enters, all or none', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'typed', input: z.object({ n: z.number().int() }), run: ({ input }) => input.n })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await expect(scheduler.enqueue(job, { n: 'seven' } as never)).rejects.toThrow(InvalidInputError)
  await expect(scheduler.enqueue(job, { n: 'seven' } as never)).rejects.toThrow(/"typed".*n/)
  await expect(scheduler.enqueueMany(job, [{ n: 1 }, { n: 2 }, { n: 0.5 }])).rejects.toThrow(InvalidInputError)
  expect(await scheduler.countExecutions({ jobs: ['typed'] })).toBe(0)
})

test('payloads, keys and times that cannot be stored are refused', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'any', run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const circular: { self?: unknown } = {}
  circular.self = circular
  const cases: readonly [work: () => Promise<unknown>, message: RegExp][] = [
    [() => scheduler.enqueue(job, circular), /cannot be stored as JSON/],
    [() => scheduler.enqueue(job, 1n), /cannot be stored as JSON/],
    [() => scheduler.enqueue(job, () => 1), /is a function/],
    [() => scheduler.enqueue(job, 'x'.repeat(1_048_600)), /1048602 bytes of JSON; at most 1048576/],
    [() => scheduler.enqueue(job, 1, { key: '' }), /key has 0 bytes/],
    [() => scheduler.enqueue(job, 1, { key: 'ü'.repeat(200) }), /key has 400 bytes/],
    [() => scheduler.enqueue(job, 1, { priority: 101 }), /priority is 101/],
    [() => scheduler.enqueue(job, 1, { at: Number.NaN }), /at/],
    [() => scheduler.enqueue(job, 1, { at: START, delay: '1s' }), /both at and delay/],
    [() => scheduler.enqueue(job, 1, { delay: '-1s' as never }), /delay/],
    [() => scheduler.enqueueMany(job, Array(10_001).fill(1)), /10001 inputs/],
    [() => scheduler.pause(job, { until: START - 1 }), /has ended/],
    [() => scheduler.pause(job, { note: 'x'.repeat(1_001) }), /note has 1001 characters/],
    [() => scheduler.pauseQueue('nowhere'), /no queue is called "nowhere"/],
  ]
  for (const [work, message] of cases) await expect(work()).rejects.toThrow(message)
  expect(await scheduler.countExecutions({ jobs: ['any'] })).toBe(0)
})

test('a result that is no JSON, or over 1 MB, fails its execution for good with a readable error', async () => {
  await using cluster = new Cluster()
  const circular: { self?: unknown } = {}
  circular.self = circular
  const results: Record<string, unknown> = {
    circular,
    bigint: { n: 1n },
    function: () => 1,
    huge: 'x'.repeat(1_048_600),
    fits: 'x'.repeat(1_048_000),
    nothing: undefined,
  }
  const job = defineJob({
    name: 'results',
    overlap: 'allow',
    retry: { limit: 3 },
    run: ({ input }) => results[String(input)],
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const settled = new Map<string, unknown>()
  for (const name of Object.keys(results)) {
    const { id } = await cluster.run(scheduler.enqueue(job, name))
    const { status, reason, attempt, error } = await cluster.run(scheduler.wait(id))
    settled.set(name, [status, reason, attempt, error?.name])
  }
  const refused = ['failed', 'non-retryable', 1, 'InvalidResultError']
  expect(Object.fromEntries(settled)).toEqual({
    circular: refused,
    bigint: refused,
    function: refused,
    huge: refused,
    fits: ['succeeded', null, 1, undefined],
    nothing: ['succeeded', null, 1, undefined],
  })
})

test('whatever a handler throws becomes a bounded, readable error', async () => {
  await using cluster = new Cluster()
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('not even that')
    },
  })
  const thrown: Record<string, unknown> = {
    text: 'just text',
    nothing: undefined,
    object: { code: 7 },
    symbol: Symbol('odd'),
    nullish: null,
    long: new Error('y'.repeat(100_000)),
    caused: new Error('outer', { cause: new TypeError('inner') }),
    hostile,
    revoked: revokedProxy(),
  }
  const job = defineJob({
    name: 'throws',
    overlap: 'allow',
    run: ({ input }) => {
      throw thrown[String(input)]
    },
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const errors = new Map<string, { name: string; message: string; cause?: unknown } | null>()
  for (const name of Object.keys(thrown)) {
    const { id } = await cluster.run(scheduler.enqueue(job, name))
    const { status, error } = await cluster.run(scheduler.wait(id))
    expect([name, status]).toEqual([name, 'failed'])
    errors.set(name, error)
  }
  expect(errors.get('text')).toMatchObject({
    name: 'NonError',
    message: expect.stringContaining('just text') as string,
  })
  expect(errors.get('object')?.message).toContain('{"code":7}')
  expect(errors.get('long')?.message.length).toBeLessThan(10_000)
  expect(errors.get('caused')).toMatchObject({ message: 'outer', cause: { name: 'TypeError', message: 'inner' } })
  for (const error of errors.values()) expect(typeof error?.message).toBe('string')
})

test('a handler that never settles is timed out, and its execution does not stay open for ever', async () => {
  await using cluster = new Cluster()
  const job = defineJob({
    name: 'stuck',
    timeout: '1m',
    grace: '10s',
    abandonAfter: '1m',
    run: () => new Promise(() => undefined),
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  expect(await cluster.run(scheduler.wait(id))).toMatchObject({ status: 'timed_out', reason: 'abandoned' })
  expect(cluster.elapsed).toBeLessThan(3 * MINUTE)
})

test('a handler that blocks the event loop delays others, loses no tick, and health tells', async () => {
  const ran: number[] = []
  const from = Math.ceil(Date.now() / 1_000) * 1_000
  const job = defineJob({
    name: 'tick',
    trigger: every('1s', { from, until: from + 3_000 }),
    overlap: 'allow',
    run: ({ scheduledFor }) => void ran.push(scheduledFor),
  })
  const blocking = defineJob({
    name: 'blocking',
    run: async () => {
      await setTimeout(50)
      const until = performance.now() + 2_500
      while (performance.now() < until) continue
    },
  })
  await using scheduler = createScheduler({ jobs: [job, blocking] })
  await scheduler.start()
  const { id } = await scheduler.enqueue(blocking)
  await scheduler.wait(id)
  const due = (await scheduler.ticks(job, { from, to: from + 3_000 })).at(-1)
  await scheduler.wait(due?.executionId ?? '')
  expect(ran).toEqual([from, from + 1_000, from + 2_000, from + 3_000].filter((tick) => tick >= (ran[0] ?? 0)))
  expect(ran.length).toBeGreaterThanOrEqual(3)
  const { findings, longestBlockMs } = await scheduler.health()
  expect(longestBlockMs).toBeGreaterThan(1_000)
  expect(findings.map(({ code }) => code)).toContain('loop-blocked')
}, 20_000)

test('timers beyond 2^31-1 ms: a run in 26 days starts then, not at once', async () => {
  await using cluster = new Cluster()
  const ran: number[] = []
  const job = defineJob({ name: 'far', run: () => void ran.push(cluster.elapsed) })
  const { scheduler } = await cluster.start({ jobs: [job], lease: '1d', horizon: '1d' })
  await cluster.run(scheduler.enqueue(job, undefined, { delay: '26d' }))
  await cluster.reach(26 * 24 * HOUR - SECOND)
  expect(ran).toEqual([])
  await cluster.reach(26 * 24 * HOUR + SECOND)
  expect(ran).toHaveLength(1)
})

test('wait gives up after its timeout, and the execution goes on', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'slow', run: () => cluster.runtime.sleep(MINUTE) })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await expect(cluster.run(scheduler.wait(id, { timeout: '5s' }))).rejects.toThrow(WaitTimeoutError)
  expect(await cluster.run(scheduler.wait(id))).toMatchObject({ status: 'succeeded' })
})

test('an idempotency key gives the same execution, however often and from wherever it is asked for', async () => {
  await using cluster = new Cluster()
  let runs = 0
  const job = defineJob({ name: 'once', overlap: 'allow', history: 'none', run: () => void runs++ })
  const first = await cluster.start({ jobs: [job] })
  const second = await cluster.start({ jobs: [job] })
  const answers = [
    await cluster.run(first.scheduler.enqueue(job, 1, { key: 'k' })),
    await cluster.run(second.scheduler.enqueue(job, 2, { key: 'k' })),
  ]
  await cluster.runtime.advance('1m')
  answers.push(await cluster.run(first.scheduler.enqueue(job, 3, { key: 'k' })))
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
  expect(answers.map(({ existing }) => existing)).toEqual([false, true, true])
  expect(runs).toBe(1)
})

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
