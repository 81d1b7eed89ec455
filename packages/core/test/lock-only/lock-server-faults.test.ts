import { defineJob, every } from '@escapement/core'
import { expect, test } from 'vitest'
import { LockOnlyStage, type MakeJobs, MINUTE, SECOND, START, ticksUntil } from './lock-only-stage.ts'

/** A job each second, with the misfire policy of its name. */
const jobs: MakeJobs = ({ ran }) =>
  (['skip', 'once', 'all'] as const).map((policy) =>
    defineJob({ name: policy, trigger: every('1s'), overlap: 'allow', misfire: { policy, max: 10 }, run: ran }),
  )

test('rule 25: while the lock server is away nothing starts; then misfire decides, and no tick runs twice', async () => {
  await using stage = new LockOnlyStage()
  const instances = [await stage.start(jobs), await stage.start(jobs)]
  await stage.reach(10 * SECOND)
  for (const { driver } of instances) driver.fail('advanceMany', { kind: 'lost-request' }, 10_000)
  await stage.reach(70 * SECOND)
  const { isReady, findings } = (await instances[0]?.scheduler.health()) ?? {}
  expect(isReady).toBe(false)
  expect(findings).toContainEqual(expect.objectContaining({ code: 'lock-server-away', severity: 'critical' }))
  const calls = instances[0]?.driver.calls.filter(({ method }) => method === 'advanceMany').length
  expect(calls).toBeLessThan(10 + 60 * 5)
  for (const { driver } of instances) driver.heal()
  await stage.reach(90 * SECOND)

  for (const policy of ['skip', 'once', 'all']) {
    const runs = [...stage.runsByTick(policy)]
    expect(runs.filter(([, { length }]) => length !== 1)).toEqual([])
  }
  // Up to 5 s late a tick is punctual.
  const missed = (policy: string): number[] =>
    [...stage.runsByTick(policy).keys()].filter((tick) => tick > 10 * SECOND && tick <= 65 * SECOND)
  expect(missed('skip')).toEqual([])
  expect(missed('once')).toHaveLength(1)
  expect(missed('all').toSorted((a, b) => a - b)).toHaveLength(10)
  for (const policy of ['skip', 'once', 'all']) {
    const later = [...stage.runsByTick(policy).keys()].filter((tick) => tick > 65 * SECOND)
    expect(later.toSorted((a, b) => a - b)).toEqual(ticksUntil(SECOND, 90 * SECOND).slice(65))
    for (const { scheduler } of instances) {
      const ticks = await scheduler.ticks(policy, { from: START + 1, to: START + 90 * SECOND })
      expect(ticks.filter(({ verdict }) => verdict === 'unknown' || verdict === 'pending')).toEqual([])
    }
  }
})

test('rule 25: a request that did not arrive costs a punctual tick nothing: it is asked for again', async () => {
  await using stage = new LockOnlyStage()
  const { driver } = await stage.start(jobs)
  await stage.reach(9.5 * SECOND)
  driver.fail('advanceMany', { kind: 'lost-request' }, 2)
  await stage.reach(12 * SECOND)
  const [run] = stage.runsByTick('skip').get(10 * SECOND) ?? []
  expect(run?.startedAt).toBeLessThan(START + 11 * SECOND)
})

test('rule 25: a tick whose claim was answered into the void does not run, and says why', async () => {
  await using stage = new LockOnlyStage()
  const { driver, scheduler } = await stage.start(jobs)
  await stage.reach(9.5 * SECOND)
  driver.fail('advanceMany', { kind: 'lost-reply' })
  await stage.reach(12 * SECOND)
  for (const policy of ['skip', 'once', 'all']) {
    expect(stage.runsByTick(policy).has(10 * SECOND)).toBe(false)
    expect(stage.runsByTick(policy).has(11 * SECOND)).toBe(true)
    const [tick] = await scheduler.ticks(policy, { from: START + 10 * SECOND, to: START + 10 * SECOND })
    expect(tick?.verdict).toBe('unavailable')
  }
})

test('rule 25: lost, late and hanging answers of the lock server never make a tick run twice', async () => {
  await using stage = new LockOnlyStage()
  const instances = [await stage.start(jobs), await stage.start(jobs), await stage.start(jobs)]
  const faults = [
    { kind: 'lost-reply' },
    { kind: 'lost-request' },
    { kind: 'hanging-reply' },
    { kind: 'hanging-request' },
    { kind: 'late-request', delayMs: 2_500 },
    { kind: 'late-reply', delayMs: 2_500 },
  ] as const
  for (let second = 1; second <= 10 * 60; second += 3) {
    await stage.reach(second * SECOND)
    const instance = instances[Math.floor(stage.runtime.random() * 3)]
    const fault = faults[Math.floor(stage.runtime.random() * faults.length)]
    if (fault !== undefined) instance?.driver.fail('advanceMany', fault, Math.ceil(stage.runtime.random() * 3))
  }
  for (const { driver } of instances) driver.heal()
  await stage.reach(12 * MINUTE)
  for (const policy of ['skip', 'once', 'all']) {
    const runs = [...stage.runsByTick(policy).values()]
    expect(runs.length).toBeGreaterThan(400)
    expect(runs.filter(({ length }) => length !== 1)).toEqual([])
  }
})

test('rule 25: an instance does not start while the lock server is away, and does when it is back', async () => {
  await using stage = new LockOnlyStage()
  const { scheduler, driver } = stage.add(jobs)
  driver.fail('advanceMany', { kind: 'lost-request' }, 1_000)
  await expect(stage.runtime.runUntil(scheduler.start())).rejects.toMatchObject({ code: 'ERR_LOCK_UNAVAILABLE' })
  driver.heal()
  await stage.runtime.runUntil(scheduler.start())
  expect((await scheduler.health()).isReady).toBe(true)
})
