import { defineJob, every, type MisfireOptions, type MisfirePolicy } from '@escapement/core'
import { strict as assert } from 'node:assert'
import type { VirtualCluster } from '../../machine/virtual-cluster.ts'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

interface Outage {
  /** The seconds that ran, with how many they stand for. */
  readonly seen: readonly (readonly [second: number, missed: number])[]
  readonly verdicts: readonly string[]
}

/** A job each six seconds: runs once, misses three, of which one has a row, and comes back for one. */
async function outage(cluster: VirtualCluster, misfire: MisfireOptions | MisfirePolicy): Promise<Outage> {
  const seen: [number, number][] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('6s'),
    misfire,
    run: ({ scheduledFor, missed }) =>
      void seen.push([(scheduledFor - cluster.startedAt) / SECOND, missed?.count ?? 0]),
  })
  const first = await cluster.start({ jobs: [job], horizon: '8s', lease: '5s' })
  await cluster.reach(7 * SECOND)
  first.machine.kill()
  await cluster.reach(29.4 * SECOND)
  const { scheduler } = await cluster.start({ jobs: [job], horizon: '8s', lease: '5s' })
  await cluster.reach(30 * SECOND)
  const ticks = await scheduler.ticks(job, { from: cluster.startedAt + 1, to: cluster.startedAt + 30 * SECOND })
  return { seen, verdicts: ticks.map(({ verdict }) => verdict) }
}

/** What becomes of ticks that nobody was there for. */
export const misfireCases: readonly SchedulerCase[] = [
  schedulerCase([11], 'after an outage once runs the latest tick for all that were missed', async (cluster) => {
    assert.deepEqual(await outage(cluster, 'once'), {
      seen: [
        [6, 0],
        [24, 3],
        [30, 0],
      ],
      verdicts: ['succeeded', 'coalesced', 'coalesced', 'succeeded', 'succeeded'],
    })
  }),

  schedulerCase([11], 'after an outage all runs every missed tick, oldest first', async (cluster) => {
    const { seen, verdicts } = await outage(cluster, 'all')
    assert.deepEqual(
      seen,
      [6, 12, 18, 24, 30].map((second) => [second, 0]),
    )
    assert.deepEqual(verdicts, Array(5).fill('succeeded'))
  }),

  schedulerCase([11], 'after an outage skip runs none of the missed ticks and says so', async (cluster) => {
    const { seen, verdicts } = await outage(cluster, 'skip')
    assert.deepEqual(
      seen.map(([second]) => second),
      [6, 30],
    )
    assert.deepEqual(verdicts, ['succeeded', 'misfire', 'misfire', 'misfire', 'succeeded'])
  }),

  schedulerCase([11], 'what is older than within is not caught up', async (cluster) => {
    const { verdicts } = await outage(cluster, { policy: 'all', within: '15s' })
    assert.deepEqual(verdicts, ['succeeded', 'misfire', 'succeeded', 'succeeded', 'succeeded'])
  }),

  schedulerCase(
    [11],
    'a tick that waits for a slot was judged in time; only startWithin ends its wait',
    async (cluster) => {
      const seen: number[] = []
      const hog = defineJob({ name: 'hog', run: () => cluster.runtime.sleep(12 * SECOND) })
      const options = { trigger: every('6s'), misfire: 'skip', overlap: 'queue-all' } as const
      const patient = defineJob({
        name: 'patient',
        ...options,
        run: ({ scheduledFor }) => void seen.push((scheduledFor - cluster.startedAt) / SECOND),
      })
      const hasty = defineJob({ name: 'hasty', ...options, startWithin: '5s', run: () => undefined })
      const { scheduler } = await cluster.start({ jobs: [hog, patient, hasty], concurrency: 1 })
      await cluster.run(scheduler.enqueue(hog))
      await cluster.reach(13 * SECOND)
      assert.deepEqual(seen, [6, 12])
      const ticks = await scheduler.ticks(hasty, { from: cluster.startedAt + 1, to: cluster.startedAt + 12 * SECOND })
      assert.deepEqual(
        ticks.map(({ verdict }) => verdict),
        ['expired', 'succeeded'],
      )
    },
  ),
]
