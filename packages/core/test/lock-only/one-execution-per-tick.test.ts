import { defineJob, every } from '@escapement/core'
import { expect, test } from 'vitest'
import { LockOnlyStage, type MakeJobs, MINUTE, SECOND, START, ticksUntil } from './lock-only-stage.ts'

const OFFSETS = [-5 * SECOND, 0, 5 * SECOND, 30 * SECOND, 10 * MINUTE]

/** A job of a millisecond and one of none, each second; one of half a second each minute. */
const jobs: MakeJobs = ({ node, ran }) => [
  defineJob({
    name: 'short',
    trigger: every('1s'),
    history: 'none',
    run: async (context) => {
      ran(context)
      await node.sleep(1)
    },
  }),
  defineJob({ name: 'free', trigger: every('1s'), overlap: 'allow', history: 'none', run: ran }),
  defineJob({
    name: 'long',
    trigger: every('1m'),
    run: async (context) => {
      ran(context)
      await node.sleep(500)
    },
  }),
]

test('rule 25: five instances whose clocks are up to ten minutes apart run each tick once, and at its time', async () => {
  await using stage = new LockOnlyStage()
  for (const offsetMs of OFFSETS) await stage.start(jobs, { offsetMs })
  await stage.reach(30 * MINUTE)
  for (const [job, everyMs] of Object.entries({ short: SECOND, free: SECOND, long: MINUTE })) {
    const byTick = stage.runsByTick(job)
    expect([...byTick.keys()].toSorted((a, b) => a - b)).toEqual(ticksUntil(everyMs, 30 * MINUTE))
    const runs = [...byTick.values()]
    expect(runs.filter(({ length }) => length !== 1)).toEqual([])
    const lateness = runs.flat().map(({ scheduledFor, startedAt }) => startedAt - scheduledFor)
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...lateness)).toBeLessThan(10)
  }
  const health = await Promise.all(stage.instances.map(({ scheduler }) => scheduler.health()))
  expect(health.map(({ isReady }) => isReady)).toEqual([true, true, true, true, false])
  expect(health[4]?.findings).toEqual([expect.objectContaining({ code: 'clock-offset', severity: 'critical' })])
  expect(health[4]?.findings[0]?.message).toMatch(/^the clock of this machine is 600 s ahead of the lock server's/)
  expect(stage.instances[4]?.runs).toEqual([])
})

test('rule 25: an instance whose clock is set right plans again, one whose clock is set wrong stops', async () => {
  await using stage = new LockOnlyStage()
  const { node, runs, scheduler } = await stage.start(jobs, { offsetMs: -61 * SECOND })
  await stage.reach(MINUTE)
  expect(runs).toEqual([])
  node.stepWallClock(60 * SECOND)
  await stage.reach(2 * MINUTE)
  expect(runs.length).toBeGreaterThan(100)
  expect((await scheduler.health()).isReady).toBe(true)
  node.stepWallClock(-3600 * SECOND)
  await stage.reach(3 * MINUTE)
  const before = runs.length
  await stage.reach(4 * MINUTE)
  expect(runs).toHaveLength(before)
  expect((await scheduler.health()).isReady).toBe(false)
})

test('rule 25: where the lock server has no clock ticks run once all the same, and health says that skew is unchecked', async () => {
  await using stage = new LockOnlyStage()
  for (const offsetMs of [-5 * SECOND, 0, 5 * SECOND]) await stage.start(jobs, { offsetMs, lacks: ['now'] })
  await stage.reach(10 * MINUTE)
  const runs = [...stage.runsByTick('short').values()]
  expect(runs.length).toBeGreaterThan(590)
  expect(runs.filter(({ length }) => length !== 1)).toEqual([])
  const { isReady, findings } = (await stage.instances[0]?.scheduler.health()) ?? {}
  expect(isReady).toBe(true)
  expect(findings).toEqual([expect.objectContaining({ code: 'skew-unchecked', severity: 'warning' })])
})

test('rule 25: a tick that its instance claimed before it died runs nowhere else, and the next one does', async () => {
  await using stage = new LockOnlyStage()
  const first = await stage.start(jobs)
  await stage.reach(9.5 * SECOND)
  const other = await stage.start(jobs)
  first.driver.fail('advanceMany', { kind: 'late-reply', delayMs: 50 })
  other.driver.fail('advanceMany', { kind: 'late-request', delayMs: 10 })
  await stage.runtime.advanceTo(START + 10 * SECOND + 20)
  first.kill()
  await stage.reach(12 * SECOND)
  expect(stage.runsByTick('free').get(10 * SECOND)).toBeUndefined()
  expect(stage.runsByTick('free').get(11 * SECOND)).toHaveLength(1)
  const [tick] = await other.scheduler.ticks('free', { from: START + 10 * SECOND, to: START + 10 * SECOND })
  expect(tick).toMatchObject({ verdict: 'elsewhere', executionId: null })
})

test('rule 25: each tick has its verdict where it ran, and elsewhere it says that', async () => {
  await using stage = new LockOnlyStage()
  const keeping: MakeJobs = ({ ran }) => [defineJob({ name: 'kept', trigger: every('1s'), run: ran })]
  const instances = [await stage.start(keeping), await stage.start(keeping), await stage.start(keeping)]
  await stage.reach(100 * SECOND)
  const range = { from: START + 1, to: START + 100 * SECOND }
  const ledgers = await Promise.all(instances.map(({ scheduler }) => scheduler.ticks('kept', range)))
  for (const ledger of ledgers) expect(ledger).toHaveLength(100)
  for (let index = 0; index < 100; index++) {
    const verdicts = ledgers.map((ledger) => ledger[index]?.verdict)
    expect(verdicts.filter((verdict) => verdict === 'succeeded')).toHaveLength(1)
    expect(verdicts.filter((verdict) => verdict === 'elsewhere')).toHaveLength(2)
  }
})
