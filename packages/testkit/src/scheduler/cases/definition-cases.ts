import { type AnyJob, defineJob, every, type Trigger } from '@escapement/core'
import { strict as assert } from 'node:assert'
import type { VirtualCluster } from '../../machine/virtual-cluster.ts'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000
const HOUR = 3_600_000
/** In hours. */
const WEEK = 168

/** The same job in two versions of the code, and the seconds at which it was due when it ran. */
function versions(cluster: VirtualCluster): { old: AnyJob; next: AnyJob; seconds: () => number[] } {
  const runs: number[] = []
  const job = (trigger: Trigger): AnyJob =>
    defineJob({
      name: 'report',
      trigger,
      overlap: 'allow',
      misfire: 'all',
      run: ({ scheduledFor }) => void runs.push((scheduledFor - cluster.startedAt) / SECOND),
    })
  return { old: job(every('4s')), next: job(every('6s')), seconds: () => runs.toSorted((a, b) => a - b) }
}

/** Who says what a job is, and who has its handler. */
export const definitionCases: readonly SchedulerCase[] = [
  schedulerCase(
    [6],
    'a deploy switches the schedule at one instant: no tick is lost, none doubled',
    async (cluster) => {
      const { old, next, seconds } = versions(cluster)
      const first = await cluster.start({ jobs: [old], horizon: '8s' })
      await cluster.reach(SECOND)
      const { scheduler } = await cluster.start({ jobs: [next], horizon: '8s' })
      await cluster.run(first.scheduler.stop())
      await cluster.reach(18 * SECOND)
      // The cursor had reached second 8: up to there the old schedule holds, from there on the new one.
      assert.deepEqual(seconds(), [4, 8, 12, 18])
      assert.equal((await scheduler.jobs({ names: ['report'] })).items[0]?.revision, 2)
    },
  ),

  schedulerCase(
    [6],
    'plans are made from the stored definition, also by old code, until no live instance has the new',
    async (cluster) => {
      const { old, next, seconds } = versions(cluster)
      const first = await cluster.start({ jobs: [old], horizon: '1s', lease: '6s' })
      const rolledOut = await cluster.start({ jobs: [next], roles: ['run'] })
      await cluster.reach(7 * SECOND)
      assert.deepEqual(seconds(), [6])
      assert.ok((await first.scheduler.health()).findings.some(({ code }) => code === 'superseded'))
      await cluster.run(rolledOut.scheduler.stop())
      await cluster.reach(16 * SECOND)
      assert.deepEqual(seconds().slice(-2), [12, 16])
      assert.equal((await first.scheduler.jobs({ names: ['report'] })).items[0]?.revision, 3)
    },
  ),

  schedulerCase([6], 'many instances that register the same jobs at once agree on one revision', async (cluster) => {
    const { next, seconds } = versions(cluster)
    const members = Array.from({ length: 5 }, () => cluster.add({ jobs: [next] }))
    await cluster.run(Promise.all(members.map(({ scheduler }) => scheduler.start())))
    await cluster.reach(6 * SECOND)
    const [state] = await cluster.store.jobStates('default', ['report'])
    assert.equal(state?.current.revision, 1)
    assert.deepEqual(seconds(), [6])
  }),

  schedulerCase(
    [5, 7],
    'a job without handlers is not planned; on return misfire decides, and nothing runs again',
    async (cluster) => {
      const runs: [second: number, missed: number | null][] = []
      const job = defineJob({
        name: 'tick',
        trigger: every('6s'),
        run: ({ scheduledFor, missed }) =>
          void runs.push([(scheduledFor - cluster.startedAt) / SECOND, missed?.count ?? null]),
      })
      const other = defineJob({ name: 'other', run: () => undefined })
      const first = await cluster.start({ jobs: [job], horizon: '1s' })
      await cluster.reach(7 * SECOND)
      await cluster.run(first.scheduler.stop())
      const watcher = await cluster.start({ jobs: [other] })
      await cluster.reach(29.4 * SECOND)
      const verdicts = async (): Promise<string[]> => {
        const range = { from: cluster.startedAt + 1, to: cluster.startedAt + 30 * SECOND }
        return (await watcher.scheduler.ticks('tick', range)).map(({ verdict }) => verdict)
      }
      assert.deepEqual((await verdicts()).slice(0, 4), ['succeeded', 'no-handler', 'no-handler', 'no-handler'])
      await cluster.start({ jobs: [job], horizon: '1s' })
      await cluster.reach(30 * SECOND)
      assert.deepEqual(runs, [
        [6, null],
        [24, 3],
        [30, null],
      ])
      assert.deepEqual(await verdicts(), ['succeeded', 'coalesced', 'coalesced', 'succeeded', 'succeeded'])
    },
  ),

  schedulerCase([7], 'a job that nobody has had a handler for in 7 days is retired', async (cluster) => {
    const job = defineJob({ name: 'gone', trigger: every('5m'), run: () => undefined })
    const other = defineJob({ name: 'other', run: () => undefined })
    const first = await cluster.start({ jobs: [job] })
    await cluster.run(first.scheduler.stop())
    // Who is there at the tenth minute looks after such things.
    for (const hours of [0, WEEK - 1, WEEK + 1]) {
      await cluster.reach(hours * HOUR + 590 * SECOND)
      const watcher = await cluster.start({ jobs: [other] })
      await cluster.reach(hours * HOUR + 600 * SECOND)
      const isOver = hours > WEEK
      const [state] = await cluster.store.jobStates('default', ['gone'])
      assert.equal(state?.retiredAt !== null, isOver)
      assert.equal(watcher.events.filter(({ type }) => type === 'job:retired').length, isOver ? 1 : 0)
      await cluster.run(watcher.scheduler.stop())
    }
  }),

  schedulerCase([7], 'an instance runs only what it accepts, and health tells what nobody does', async (cluster) => {
    const ran: string[] = []
    const job = (name: string): AnyJob => defineJob({ name, run: () => void ran.push(name) })
    const jobs = [job('plain'), job('heavy')]
    const { scheduler } = await cluster.start({ jobs, accept: { jobs: ['plain'] } })
    for (const each of jobs) await cluster.run(scheduler.enqueue(each))
    await cluster.reach(3 * SECOND)
    assert.deepEqual(ran, ['plain'])
    const { findings } = await scheduler.health()
    assert.match(findings.find(({ code }) => code === 'no-handler')?.message ?? '', /heavy/)
    await cluster.start({ jobs, accept: { jobs: ['heavy'] } })
    await cluster.reach(6 * SECOND)
    assert.deepEqual(ran, ['plain', 'heavy'])
  }),
]
