import { type AnyJob, at, cron, defineJob, every, type Trigger } from '@escapement/core'
import { strict as assert } from 'node:assert'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

/** What is due when, and that it runs then, once. */
export const tickCases: readonly SchedulerCase[] = [
  schedulerCase([1], 'three instances run every tick of every schedule once, at its instant', async (cluster) => {
    const starts: [job: string, second: number, lateMs: number][] = []
    const job = (name: string, trigger: Trigger): AnyJob =>
      defineJob({
        name,
        trigger,
        run: ({ scheduledFor }) => {
          const second = (scheduledFor - cluster.startedAt) / SECOND
          starts.push([name, second, cluster.runtime.now() - scheduledFor])
        },
      })
    const once = at(cluster.startedAt + 7 * SECOND)
    const jobs = [job('often', every('2s')), job('rare', cron('*/5 * * * * *')), job('once', once)]
    for (let index = 0; index < 3; index++) {
      await cluster.start({ jobs }, { offsetMs: index * 137, driftPpm: index * 50 })
    }
    await cluster.reach(10 * SECOND)
    const of = (name: string): number[] => starts.filter(([started]) => started === name).map(([, second]) => second)
    assert.deepEqual(of('often'), [2, 4, 6, 8, 10])
    assert.deepEqual(of('rare'), [5, 10])
    assert.deepEqual(of('once'), [7])
    // A clock that drifts by 100 ppm is off by a millisecond after ten seconds.
    assert.ok(
      starts.every(([, , lateMs]) => lateMs === 0 || lateMs === 1),
      'at their instants',
    )
  }),

  schedulerCase([2], 'triggers that fall on one instant make one tick, which runs once', async (cluster) => {
    const seen: number[] = []
    const job = defineJob({
      name: 'both',
      trigger: [cron('*/6 * * * * *'), every('2s'), every('3s')],
      run: ({ scheduledFor }) => void seen.push((scheduledFor - cluster.startedAt) / SECOND),
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(12 * SECOND)
    assert.deepEqual(seen, [2, 3, 4, 6, 8, 9, 10, 12])
    assert.equal(await scheduler.countExecutions({ jobs: ['both'], statuses: ['succeeded'] }), 8)
  }),

  schedulerCase([5], 'ticks from before the first registration do not exist', async (cluster) => {
    await cluster.reach(5 * SECOND)
    const seen: number[] = []
    const job = defineJob({
      name: 'new',
      trigger: every('3s'),
      misfire: 'all',
      run: ({ scheduledFor }) => void seen.push((scheduledFor - cluster.startedAt) / SECOND),
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(9 * SECOND)
    assert.deepEqual(seen, [6, 9])
    const ticks = await scheduler.ticks(job, { from: cluster.startedAt, to: cluster.startedAt + 8 * SECOND })
    assert.deepEqual(
      ticks.map(({ scheduledFor }) => scheduledFor - cluster.startedAt),
      [6 * SECOND],
    )
  }),

  schedulerCase([5], 'backfill fills the ticks that did not run, once, and no others', async (cluster) => {
    const runs: number[] = []
    const job = defineJob({
      name: 'minutely',
      trigger: every('1m'),
      misfire: 'skip',
      run: ({ scheduledFor }) => void runs.push((scheduledFor - cluster.startedAt) / (60 * SECOND)),
    })
    const first = await cluster.start({ jobs: [job] })
    await cluster.run(first.scheduler.stop())
    await cluster.reach(238 * SECOND)
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(240 * SECOND)
    assert.deepEqual(runs, [4])
    const range = { from: cluster.startedAt + 1, to: cluster.startedAt + 600 * SECOND, by: 'user:ada' }
    assert.equal(await cluster.run(scheduler.backfill(job, range)), 3)
    assert.equal(await cluster.run(scheduler.backfill(job, range)), 0)
    await cluster.reach(243 * SECOND)
    assert.deepEqual(runs, [4, 1, 2, 3])
    const { items } = await scheduler.executions({ jobs: ['minutely'], origins: ['backfill'] })
    assert.deepEqual(
      items.map(({ createdBy, status }) => `${createdBy} ${status}`),
      Array(3).fill('user:ada succeeded'),
    )
  }),

  schedulerCase([10], "ticks are inserted ahead of their time, and a planner's death delays none", async (cluster) => {
    const seen: number[] = []
    const late: number[] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('2s'),
      run: ({ scheduledFor }) => {
        seen.push((scheduledFor - cluster.startedAt) / SECOND)
        late.push(cluster.runtime.now() - scheduledFor)
      },
    })
    const planner = await cluster.start({ jobs: [job], horizon: '6s', roles: ['plan'] })
    const { scheduler } = await cluster.start({ jobs: [job], horizon: '6s' })
    await cluster.turn()
    const { items } = await scheduler.executions({ jobs: ['tick'] }, { order: 'oldest' })
    assert.deepEqual(
      items.map(({ scheduledFor, waitingFor }) => [scheduledFor - cluster.startedAt, waitingFor]),
      [2, 4, 6].map((second) => [second * SECOND, 'time']),
    )
    await cluster.reach(5 * SECOND)
    planner.machine.kill()
    await cluster.reach(24 * SECOND)
    assert.deepEqual(
      seen,
      Array.from({ length: 12 }, (_, index) => 2 * (index + 1)),
    )
    assert.deepEqual(new Set(late), new Set([0]))
  }),
]
