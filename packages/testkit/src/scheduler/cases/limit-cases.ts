import { type AnyJob, defineJob, every, type Scheduler } from '@escapement/core'
import { strict as assert } from 'node:assert'
import type { VirtualCluster } from '../../machine/virtual-cluster.ts'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

/** Counts how many handlers run at once, by key; each takes a virtual second. */
class Gauge {
  readonly #now = new Map<string, number>()
  readonly most = new Map<string, number>()
  readonly #cluster: VirtualCluster

  constructor(cluster: VirtualCluster) {
    this.#cluster = cluster
  }

  async run(key = ''): Promise<void> {
    const now = (this.#now.get(key) ?? 0) + 1
    this.#now.set(key, now)
    this.most.set(key, Math.max(now, this.most.get(key) ?? 0))
    await this.#cluster.runtime.sleep(SECOND)
    this.#now.set(key, (this.#now.get(key) ?? 0) - 1)
  }
}

/** Lets time pass until so many executions of a job have succeeded, and answers how long that took. Milliseconds. */
async function allOf(cluster: VirtualCluster, job: string, count: number): Promise<number> {
  const from = cluster.elapsed
  await cluster.runtime.runUntil(async () => {
    return (await cluster.store.countExecutions('default', { jobs: [job], statuses: ['succeeded'] }, count)) === count
  }, '1m')
  return cluster.elapsed - from
}

/** What was taken ahead of a slot. */
async function takenAhead(scheduler: Scheduler, job: string): Promise<number> {
  const { items } = await scheduler.executions({ jobs: [job], statuses: ['scheduled'] })
  return items.filter(({ claimedAt }) => claimedAt !== null).length
}

/** How many run at once, and what is taken ahead. */
export const limitCases: readonly SchedulerCase[] = [
  schedulerCase([20], 'a queue never runs more than its limit across the cluster, and uses it', async (cluster) => {
    const gauge = new Gauge(cluster)
    const job = defineJob({ name: 'work', queue: 'narrow', overlap: 'allow', run: () => gauge.run() })
    const options = { jobs: [job], queues: { narrow: { concurrency: 10, limit: 3 } } }
    const { scheduler } = await cluster.start(options)
    await cluster.start(options)
    await cluster.run(scheduler.enqueueMany(job, Array(12).fill(null)))
    const tookMs = await allOf(cluster, 'work', 12)
    assert.equal(gauge.most.get(''), 3)
    assert.ok(tookMs < 8 * SECOND, `it took ${tookMs} ms`)
  }),

  schedulerCase(
    [20],
    'a concurrency key limits what shares it across the cluster, and nothing else',
    async (cluster) => {
      const gauge = new Gauge(cluster)
      const job = defineJob({
        name: 'sync',
        overlap: 'allow',
        concurrency: { key: (input) => (input as { tenant: string }).tenant, limit: 2 },
        run: ({ input }) => gauge.run((input as { tenant: string }).tenant),
      })
      const { scheduler } = await cluster.start({ jobs: [job] })
      await cluster.start({ jobs: [job] })
      const inputs = Array.from({ length: 12 }, (_, index) => ({ tenant: `t${index % 3}` }))
      await cluster.run(scheduler.enqueueMany(job, inputs))
      const tookMs = await allOf(cluster, 'sync', 12)
      assert.deepEqual([...gauge.most.values()], [2, 2, 2])
      assert.ok(tookMs < 5 * SECOND, `it took ${tookMs} ms`)
    },
  ),

  schedulerCase([20], 'of an exclusive job one execution is open at a time, whatever its origin', async (cluster) => {
    const gauge = new Gauge(cluster)
    const trigger = every('2s')
    const job = defineJob({ name: 'exclusive', trigger, overlap: 'queue-all', run: () => gauge.run() })
    const first = await cluster.start({ jobs: [job] })
    const second = await cluster.start({ jobs: [job] })
    for (const { scheduler } of [first, second]) await cluster.run(scheduler.enqueueMany(job, [1, 2]))
    await allOf(cluster, 'exclusive', 6)
    assert.equal(gauge.most.get(''), 1)
  }),

  schedulerCase([19], 'what was taken ahead is scheduled to readers, and given back by a pause', async (cluster) => {
    let isLong = false
    const job = (name: string): AnyJob =>
      defineJob({
        name,
        queue: name,
        overlap: 'allow',
        run: () => cluster.runtime.sleep(isLong ? 30 * SECOND : 1),
      })
    const jobs = [job('mail'), job('print')]
    const { scheduler } = await cluster.start({ jobs, concurrency: 1 })
    for (const each of jobs) await cluster.run(scheduler.enqueueMany(each, Array(10).fill(null)))
    await cluster.reach(SECOND)
    isLong = true
    for (const each of jobs) await cluster.run(scheduler.enqueueMany(each, Array(3).fill(null)))
    await cluster.turn()
    const shown = async (status: 'running' | 'scheduled'): Promise<unknown[]> => {
      const { items } = await scheduler.executions({ jobs: ['mail'], statuses: [status] })
      return items.map(({ waitingFor, startedAt }) => [waitingFor, startedAt !== null])
    }
    assert.deepEqual(await shown('running'), [[null, true]])
    assert.deepEqual(await shown('scheduled'), [
      ['slot', false],
      ['slot', false],
    ])
    assert.deepEqual([await takenAhead(scheduler, 'mail'), await takenAhead(scheduler, 'print')], [2, 2])
    await cluster.run(scheduler.pauseQueue('mail'))
    assert.deepEqual([await takenAhead(scheduler, 'mail'), await takenAhead(scheduler, 'print')], [0, 2])
  }),

  schedulerCase([14, 19], 'what must not run twice is never taken ahead', async (cluster) => {
    const fast = defineJob({ name: 'fast', overlap: 'allow', run: () => cluster.runtime.sleep(1) })
    const run = (): Promise<void> => cluster.runtime.sleep(30 * SECOND)
    const careful = defineJob({ name: 'careful', overlap: 'allow', onInterrupt: 'fail', run })
    const { scheduler } = await cluster.start({ jobs: [fast, careful], concurrency: 2 })
    await cluster.run(scheduler.enqueueMany(fast, Array(10).fill(null)))
    await cluster.reach(SECOND) // short handlers: from now on work is taken ahead
    await cluster.run(scheduler.enqueueMany(careful, Array(6).fill(null)))
    await cluster.turn()
    const { items } = await scheduler.executions({ jobs: ['careful'] })
    assert.equal(items.filter(({ claimedAt }) => claimedAt !== null).length, 2)
  }),
]
