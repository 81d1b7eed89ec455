import { type AnyJob, defineJob, every, type Trigger } from '@escapement/core'
import { type FaultyStore, faultyStore, virtualRuntime } from '@escapement/testkit'
import { expect, test } from 'vitest'
import { Cluster, DAY, MINUTE, START } from './cluster.ts'

type Run = readonly [code: string, minute: number]

/** The same job in two versions of the code. */
function versions(runs: Run[]): { old: AnyJob; next: AnyJob } {
  const job = (code: string, trigger: Trigger): AnyJob =>
    defineJob({
      name: 'report',
      trigger,
      overlap: 'allow',
      misfire: 'all',
      run: ({ scheduledFor }) => void runs.push([code, (scheduledFor - START) / MINUTE]),
    })
  return { old: job('old', every('10m')), next: job('next', every('15m')) }
}

const minutes = (runs: readonly Run[]): number[] => runs.map(([, minute]) => minute).toSorted((a, b) => a - b)

test('rule 6: what the old definition had planned beyond the switch runs once, by whichever code has the handler', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old, next } = versions(runs)
  const first = await cluster.start({ jobs: [old], horizon: '30m' })
  await cluster.reach(5 * MINUTE)
  const planned = (await first.scheduler.jobs({ names: ['report'] })).items[0]?.revision
  const second = await cluster.start({ jobs: [next], horizon: '30m' })
  await cluster.run(first.scheduler.stop())
  await cluster.reach(60 * MINUTE)
  expect(planned).toBe(1)
  expect((await second.scheduler.jobs({ names: ['report'] })).items[0]?.revision).toBe(2)
  // The cursor had reached minute 30: up to there the old schedule holds, from there on the new one.
  expect(minutes(runs)).toEqual([10, 20, 30, 45, 60])
  expect(new Set(runs.map(([code]) => code))).toEqual(new Set(['next']))
})

test('rule 6: the old code, still running or restarted, does not take the schedule back', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old, next } = versions(runs)
  await cluster.start({ jobs: [old] })
  await cluster.start({ jobs: [next] })
  const late = await cluster.start({ jobs: [old] })
  await cluster.reach(60 * MINUTE)
  expect(minutes(runs)).toEqual([15, 30, 45, 60])
  const { findings } = await late.scheduler.health()
  expect(findings.map(({ code }) => code)).toContain('superseded')
})

test('rule 6: after a rollback the old definition is current again once no live instance has its successor', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old, next } = versions(runs)
  await cluster.start({ jobs: [old] })
  const rolledOut = await cluster.start({ jobs: [next] })
  await cluster.reach(31 * MINUTE)
  await cluster.run(rolledOut.scheduler.stop())
  await cluster.reach(60 * MINUTE)
  expect(minutes(runs)).toEqual([15, 30, 40, 50, 60])
})

test('rule 6: after the new code was killed, its lease must end before the old definition is current again', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old, next } = versions(runs)
  const first = await cluster.start({ jobs: [old] })
  const rolledOut = await cluster.start({ jobs: [next] })
  await cluster.reach(31 * MINUTE)
  rolledOut.machine.kill()
  await cluster.reach(31 * MINUTE + 15_000)
  expect((await first.scheduler.jobs({ names: ['report'] })).items[0]?.revision).toBe(2)
  await cluster.reach(60 * MINUTE)
  expect((await first.scheduler.jobs({ names: ['report'] })).items[0]?.revision).toBe(3)
  expect(minutes(runs)).toEqual([15, 30, 40, 50, 60])
})

test('rule 6: instances that come and go with the definitions in force make nobody look at his jobs again', async () => {
  let looks = 0
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...store,
      statesForRegistration: (...given) => {
        looks++
        return store.statesForRegistration(...given)
      },
    }),
  })
  const jobs = Array.from({ length: 1_200 }, (_, index) => defineJob({ name: `job-${index}`, run: () => undefined }))
  await cluster.start({ jobs })
  await cluster.reach(MINUTE)
  const ofOne = looks
  const second = await cluster.start({ jobs })
  const third = await cluster.start({ jobs })
  await cluster.reach(2 * MINUTE)
  await cluster.run(second.scheduler.stop())
  third.machine.kill()
  await cluster.reach(5 * MINUTE)
  expect(ofOne).toBeGreaterThan(0)
  expect(looks).toBe(3 * ofOne)
})

test('rule 6: among any number of jobs an instance notices the few that were superseded, and takes them back', async () => {
  await using cluster = new Cluster()
  const job = (index: number, labels: string[] = []): AnyJob =>
    defineJob({ name: `job-${index}`, labels, run: () => undefined })
  const jobs = Array.from({ length: 1_200 }, (_, index) => job(index))
  const changed = jobs.map((each, index) => (index === 0 || index === 1_150 ? job(index, ['next']) : each))
  const first = await cluster.start({ jobs })
  await cluster.reach(MINUTE)
  const rolledOut = await cluster.start({ jobs: changed })
  await cluster.reach(2 * MINUTE)
  const revisions = async (): Promise<number[]> =>
    (await cluster.store.jobStates('default', ['job-0', 'job-1', 'job-1150'])).map(({ current }) => current.revision)
  expect(await revisions()).toEqual([2, 1, 2])
  const superseded = (await first.scheduler.health()).findings.find(({ code }) => code === 'superseded')
  expect(superseded?.message).toContain('job-0, job-1150')
  await cluster.run(rolledOut.scheduler.stop())
  await cluster.reach(3 * MINUTE)
  expect(await revisions()).toEqual([3, 1, 3])
  expect((await first.scheduler.health()).findings).toEqual([])
})

test('rule 6: a higher version of the host wins at once, also for a definition that was current before', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old, next } = versions(runs)
  await cluster.start({ jobs: [old], version: 1 })
  await cluster.start({ jobs: [next], version: 2 })
  await cluster.reach(16 * MINUTE)
  await cluster.start({ jobs: [old], version: 3 })
  await cluster.reach(60 * MINUTE)
  expect(minutes(runs)).toEqual([15, 20, 30, 40, 50, 60])
})

test('rule 6: plans are made from the stored definition, also by an instance whose code says otherwise', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old, next } = versions(runs)
  await cluster.start({ jobs: [next], roles: ['run', 'upkeep'] })
  const planner = await cluster.start({ jobs: [next], roles: ['plan'] })
  await cluster.start({ jobs: [old], roles: ['plan'], version: 1 })
  planner.machine.kill()
  await cluster.start({ jobs: [next], roles: ['run', 'upkeep'], version: 2 })
  await cluster.reach(60 * MINUTE)
  expect(minutes(runs)).toEqual([15, 30, 45, 60])
})

test('rule 6: a job that is renamed goes on under the new name; nothing is left of the old one that never runs', async () => {
  await using cluster = new Cluster()
  const runs: Run[] = []
  const { old } = versions(runs)
  const renamed = defineJob({
    name: 'report-2',
    trigger: every('10m'),
    run: ({ scheduledFor }) => void runs.push(['renamed', (scheduledFor - START) / MINUTE]),
  })
  const first = await cluster.start({ jobs: [old] })
  await cluster.reach(15 * MINUTE)
  await cluster.run(first.scheduler.stop())
  const second = await cluster.start({ jobs: [renamed] })
  await cluster.reach(35 * MINUTE)
  expect(minutes(runs)).toEqual([10, 20, 30])
  await cluster.run(second.scheduler.retire('report'))
  const { items } = await second.scheduler.executions({ jobs: ['report'], statuses: ['scheduled', 'running'] })
  expect(items).toEqual([])
  expect((await second.scheduler.health()).findings).toEqual([])
})

test('rule 7: the handlers of many jobs come back together, by as many calls of the store as those of one', async () => {
  const callsFor = async (count: number): Promise<number> => {
    const counted: FaultyStore[] = []
    await using cluster = new Cluster({
      wrap: (store) => (counted[0] = faultyStore(store, { runtime: virtualRuntime() })),
    })
    const jobs = Array.from({ length: count }, (_, index) =>
      defineJob({ name: `job-${index}`, trigger: every('1m'), misfire: 'all', run: () => undefined }),
    )
    const other = defineJob({ name: 'other', run: () => undefined })
    const first = await cluster.start({ jobs })
    await cluster.reach(MINUTE)
    await cluster.run(first.scheduler.stop())
    await cluster.start({ jobs: [other], roles: ['plan'] })
    await cluster.reach(3.5 * MINUTE)
    const methods = ['dueJobs', 'plan', 'changeDefinitions', 'announceHandlers'] as const
    const calls = (): number => methods.reduce((sum, method) => sum + (counted[0]?.calls(method) ?? 0), 0)
    const before = calls()
    await cluster.start({ jobs, roles: ['run'] })
    const made = calls() - before
    expect(await cluster.store.countExecutions('default', { to: START + 3 * MINUTE + 1 }, 1_000)).toBe(3 * count)
    return made
  }
  expect(await callsFor(40)).toBe(await callsFor(1))
})

test('rule 7: a job that nobody has had a handler for in 7 days is retired; who brings it back starts anew', async () => {
  await using cluster = new Cluster()
  const runs: number[] = []
  const job = defineJob({
    name: 'daily',
    trigger: every('1d'),
    misfire: { policy: 'all', within: '100d' },
    run: ({ scheduledFor }) => void runs.push((scheduledFor - START) / DAY),
  })
  const other = defineJob({ name: 'other', run: () => undefined })
  const slow = { lease: '1h', horizon: '1h' } as const
  const first = await cluster.start({ jobs: [job], ...slow })
  await cluster.reach(1.5 * DAY)
  await cluster.run(first.scheduler.stop())
  const watcher = await cluster.start({ jobs: [other], ...slow })
  await cluster.reach(8.5 * DAY)
  expect((await cluster.store.jobStates('default', ['daily']))[0]?.retiredAt).toBeNull()
  await cluster.reach(11.5 * DAY)
  expect((await cluster.store.jobStates('default', ['daily']))[0]?.retiredAt).not.toBeNull()
  expect(watcher.events.filter(({ type }) => type === 'job:retired')).toHaveLength(1)

  await cluster.start({ jobs: [job], ...slow })
  await cluster.reach(13.5 * DAY)
  expect(runs).toEqual([1, 12, 13])
})
