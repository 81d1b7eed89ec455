import { expect, test } from 'vitest'
import { every } from '../../src/trigger/trigger.ts'
import { JOB, LedgerBench, MINUTE, NAMESPACE, START } from './ledger-bench.ts'

test('rule 4: each tick has one verdict: what ran, what waits, what is planned ahead, and what is still to come', async () => {
  const bench = new LedgerBench()
  await bench.register()
  bench.at(1)
  await bench.plan(bench.now)
  await bench.run()
  bench.at(2)
  await bench.plan(bench.now)
  await bench.run('failed')
  bench.at(3)
  await bench.plan(bench.now + MINUTE)
  await bench.run('running')
  bench.now += 10
  expect(await bench.verdicts(-10, 6)).toEqual({
    1: 'succeeded',
    2: 'failed',
    3: 'running',
    4: 'scheduled',
    5: 'planned',
    6: 'planned',
  })
  const ticks = await bench.ticks(START, START + 5 * MINUTE)
  expect(ticks.map(({ because }) => because)).toEqual([
    'It started at 2026-01-01 00:01:00 UTC on i-1 and succeeded at 2026-01-01 00:01:00 UTC.',
    'It failed at 2026-01-01 00:02:00 UTC after all retries: TypeError: no upstream.',
    'It started at 2026-01-01 00:03:00 UTC on i-1 and has not ended yet.',
    'It is planned and starts at 2026-01-01 00:04:00 UTC.',
    'It is still to come.',
  ])
  expect(ticks[0]).toMatchObject({ executionId: 'e-1', replacedBy: null, revision: 1 })
  expect(ticks[4]).toMatchObject({ executionId: null, replacedBy: null, revision: null })
})

test('a tick that is due and not planned yet is pending', async () => {
  const bench = new LedgerBench()
  await bench.register()
  bench.at(2.5)
  expect(await bench.verdicts(0, 3)).toEqual({ 1: 'pending', 2: 'pending', 3: 'planned' })
  const [tick] = await bench.ticks(START, bench.now)
  expect(tick?.because).toBe(
    'It fell due at 2026-01-01 00:01:00 UTC and is about to be judged; the job is planned until 2026-01-01 00:00:00 UTC.',
  )
})

test('rule 4: ticks of a pause, of an outage and of history that is not kept come from spans, tick by tick', async () => {
  const bench = new LedgerBench()
  await bench.register({ history: 'none', misfire: 'once' })
  bench.at(1)
  await bench.plan(bench.now)
  await bench.run()
  bench.at(1.5)
  await bench.pause()
  bench.at(3.5)
  await bench.plan(bench.now)
  await bench.resume()
  bench.at(6.5)
  await bench.plan(bench.now)
  expect(await bench.verdicts(0, 7)).toEqual({
    1: 'succeeded',
    2: 'paused',
    3: 'paused',
    4: 'coalesced',
    5: 'coalesced',
    6: 'scheduled',
    7: 'planned',
  })
  const because = (await bench.ticks(START, bench.now)).map((tick) => tick.because)
  expect(because[0]).toBe('It ran and succeeded; the job keeps no row of it.')
  expect(because[1]).toContain('The job or its queue was paused at this time')
  expect(because[1]).toContain('one of 2 such ticks from 2026-01-01 00:02:00 UTC to 2026-01-01 00:03:00 UTC')
  expect(because[3]).toContain('a later tick ran once for all that were missed')
  expect(because[5]).toContain('stands for 3 missed ticks from 2026-01-01 00:04:00 UTC to 2026-01-01 00:06:00 UTC')
})

test('a forecast says who paused the job and until when', async () => {
  const bench = new LedgerBench()
  await bench.register()
  await bench.pause(START + 2 * MINUTE)
  const ticks = await bench.ticks(START, START + 2 * MINUTE)
  expect(ticks.map(({ verdict, because }) => [verdict, because])).toEqual([
    [
      'planned',
      'It is still to come. The job is paused by user:ada from 2026-01-01 00:00:00 UTC until 2026-01-01 00:02:00 UTC (release).',
    ],
    ['planned', 'It is still to come.'],
  ])
})

test('rule 3: the verdict stays, and names the last of those that replaced it', async () => {
  const bench = new LedgerBench()
  await bench.register()
  bench.at(1)
  await bench.plan(bench.now)
  await bench.run('failed')
  await bench.store.retry(NAMESPACE, 'e-1', 'r-1', null)
  await bench.run('failed')
  await bench.store.retry(NAMESPACE, 'e-1', 'r-2', null)
  await bench.run()
  const [tick] = await bench.ticks(START, bench.now)
  expect(tick).toMatchObject({ verdict: 'failed', executionId: 'e-1', replacedBy: 'r-2' })
  expect(tick?.because).toContain('It was run again by hand as execution r-2, which is succeeded.')
})

test('rule 5: ticks before the first registration do not exist, and those beyond retention are purged', async () => {
  const bench = new LedgerBench()
  await bench.register()
  for (const minute of [1, 2, 3]) {
    bench.at(minute)
    await bench.plan(bench.now)
    await bench.run()
  }
  bench.at(3.5)
  await bench.store.purge(NAMESPACE, START + 2.5 * MINUTE, 100)
  expect(await bench.verdicts(-5, 3, { retentionMs: MINUTE })).toEqual({ 1: 'purged', 2: 'purged', 3: 'succeeded' })
  const [tick] = await bench.ticks(START, bench.now, { retentionMs: MINUTE })
  expect(tick).toMatchObject({
    executionId: null,
    revision: 1,
    because: 'Ticks before 2026-01-01 00:02:30 UTC are not kept any more.',
  })
})

test('a tick that was planned and has no record is called unknown, not something nicer', async () => {
  const bench = new LedgerBench()
  await bench.register()
  bench.at(1)
  await bench.plan(bench.now)
  await bench.run()
  bench.at(1.5)
  await bench.store.purge(NAMESPACE, bench.now, 100)
  const [tick] = await bench.ticks(START, bench.now)
  expect(tick).toMatchObject({ verdict: 'unknown', executionId: null, revision: 1 })
  expect(tick?.because).toContain('purged under a shorter retention')
})

test('a tick that moves from span to execution between two reads is not called unknown', async () => {
  const bench = new LedgerBench()
  await bench.register({ misfire: 'skip' })
  bench.at(1.5)
  await bench.plan(bench.now)
  expect(await bench.verdicts(0, 1)).toEqual({ 1: 'misfire' })
  let reads = 0
  const store = { ...bench.store }
  store.spans = async (...args) => (reads++ === 0 ? [] : await bench.store.spans(...args))
  expect(await bench.verdicts(0, 1, { store })).toEqual({ 1: 'misfire' })
  expect(reads).toBe(2)
})

test('rule 7: while nobody has a handler ticks are no-handler; on return misfire decides and spans say so', async () => {
  const bench = new LedgerBench()
  await bench.register({ misfire: 'skip' })
  bench.at(0.5)
  await bench.leave()
  bench.at(2.5)
  expect(await bench.verdicts(0, 3)).toEqual({ 1: 'no-handler', 2: 'no-handler', 3: 'planned' })
  const [tick, , coming] = await bench.ticks(START, START + 3 * MINUTE)
  expect(tick?.because).toContain('has had a handler for the job since 2026-01-01 00:00:30 UTC')
  expect(coming?.because).toContain('has had a handler for the job since 2026-01-01 00:00:30 UTC')
  expect(await bench.verdicts(0, 1, { hasLiveHandler: true })).toEqual({ 1: 'pending' })
  await bench.register({ misfire: 'skip' })
  const decided = await bench.ticks(START, bench.now)
  expect(decided.map(({ verdict, revision }) => [verdict, revision])).toEqual([
    ['no-handler', 1],
    ['no-handler', 1],
  ])
  expect(decided[0]?.because).toContain('No live instance had a handler for the job.')
})

test('rule 7: a retired job has no ticks until it is registered again', async () => {
  const bench = new LedgerBench()
  await bench.register()
  bench.at(1)
  await bench.plan(bench.now)
  await bench.run()
  bench.at(2.5)
  await bench.store.retire(NAMESPACE, JOB)
  bench.at(5.5)
  expect(await bench.verdicts(0, 9)).toEqual({ 1: 'succeeded', 2: 'no-handler' })
  const [, left] = await bench.ticks(START, bench.now)
  expect(left?.because).toBe('Nobody had planned it when the job was retired at 2026-01-01 00:02:30 UTC.')
  await bench.register()
  expect(await bench.verdicts(0, 7)).toEqual({ 1: 'succeeded', 2: 'no-handler', 6: 'planned', 7: 'planned' })
})

test('rule 6: each tick is made by the revision that was in force at its instant', async () => {
  const bench = new LedgerBench()
  await bench.register()
  bench.at(2)
  await bench.plan(bench.now)
  await bench.run()
  bench.at(2.5)
  await bench.register({ trigger: every('2m') })
  bench.at(4)
  await bench.plan(bench.now)
  await bench.run()
  const ticks = await bench.ticks(START, START + 8 * MINUTE)
  expect(ticks.map(({ scheduledFor, revision }) => [(scheduledFor - START) / MINUTE, revision])).toEqual([
    [1, 1],
    [2, 1],
    [4, 2],
    [6, null],
    [8, null],
  ])
})

test('rule 5: a tick that was filled by hand is answered by its execution, also inside a longer span', async () => {
  const bench = new LedgerBench()
  await bench.register({ misfire: 'skip', history: 'none' })
  bench.at(5.5)
  await bench.plan(bench.now)
  const { current } = await bench.state()
  const fill = {
    job: JOB,
    revision: current.revision,
    origin: 'backfill' as const,
    dedupeKey: `tick:${START + 3 * MINUTE}`,
    queue: 'default',
    priority: 0,
    scheduledFor: START + 3 * MINUTE,
    dueAt: null,
    delayMs: 0,
    startWithinMs: null,
    input: null,
    concurrencyKey: null,
    concurrencyLimit: null,
    isExclusive: false,
    ifOpen: 'wait' as const,
    missed: null,
    isJudged: true,
    createdBy: null,
    traceparent: null,
    id: 'b-1',
  }
  expect(await bench.store.backfill(NAMESPACE, { job: JOB, executions: [fill] })).toBe(1)
  const around = { 1: 'misfire', 2: 'misfire', 4: 'misfire', 5: 'misfire' }
  expect(await bench.verdicts(0, 5)).toEqual({ ...around, 3: 'scheduled' })
  await bench.run()
  expect(await bench.verdicts(0, 5)).toEqual({ ...around, 3: 'succeeded' })
})

test('answers the earliest ticks of the range, both ends included', async () => {
  const bench = new LedgerBench()
  await bench.register({ misfire: 'skip' })
  bench.at(3.5)
  await bench.plan(bench.now)
  expect(await bench.verdicts(2, 4)).toEqual({ 2: 'misfire', 3: 'misfire', 4: 'planned' })
  expect(await bench.verdicts(2, 1e9, { limit: 2 })).toEqual({ 2: 'misfire', 3: 'misfire' })
  expect(await bench.verdicts(0, 1e9, { limit: 4 })).toEqual({ 1: 'misfire', 2: 'misfire', 3: 'misfire', 4: 'planned' })
  expect(await bench.verdicts(4, 2)).toEqual({})
})
