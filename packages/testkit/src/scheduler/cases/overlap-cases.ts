import { type AnyJob, defineJob, every, type OverlapPolicy } from '@escapement/core'
import { strict as assert } from 'node:assert'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000
const POLICIES: readonly OverlapPolicy[] = ['skip', 'queue-one', 'queue-all', 'cancel-running', 'allow']

/** What is open, and what that keeps from running. */
export const overlapCases: readonly SchedulerCase[] = [
  schedulerCase([12], 'overlap decides what becomes of a tick while an execution is open', async (cluster) => {
    const job = (overlap: OverlapPolicy): AnyJob =>
      defineJob({
        name: overlap,
        trigger: every('2s'),
        overlap,
        run: async ({ scheduledFor, signal }) => {
          const isFirst = scheduledFor === cluster.startedAt + 2 * SECOND
          await cluster.runtime.sleep(isFirst ? 7 * SECOND : 200, signal)
        },
      })
    const { scheduler } = await cluster.start({ jobs: POLICIES.map((overlap) => job(overlap)) })
    await cluster.reach(14.5 * SECOND) // what waits may be seen by polling only, once a second
    const range = { from: cluster.startedAt + 1, to: cluster.startedAt + 10 * SECOND }
    const verdicts: Record<string, readonly string[]> = {}
    for (const overlap of POLICIES)
      verdicts[overlap] = (await scheduler.ticks(overlap, range)).map(({ verdict }) => verdict)
    const ran = 'succeeded'
    assert.deepEqual(verdicts, {
      skip: [ran, 'overlap', 'overlap', 'overlap', ran],
      'queue-one': [ran, ran, 'overlap', 'overlap', ran],
      'queue-all': [ran, ran, ran, ran, ran],
      'cancel-running': ['cancelled', ran, ran, ran, ran],
      allow: [ran, ran, ran, ran, ran],
    })
  }),

  schedulerCase(
    [12],
    'an enqueued run of an exclusive job waits its turn, unless it asks to be skipped',
    async (cluster) => {
      const job = defineJob({ name: 'exclusive', run: () => cluster.runtime.sleep(2 * SECOND) })
      const { scheduler } = await cluster.start({ jobs: [job] })
      const first = await cluster.run(scheduler.enqueue(job))
      await cluster.turn()
      const waiting = await cluster.run(scheduler.enqueue(job))
      const skipped = await cluster.run(scheduler.enqueue(job, undefined, { ifOpen: 'skip' }))
      await cluster.turn()
      const of = async (id: string): Promise<unknown[]> => {
        const found = await scheduler.execution(id)
        return [found?.execution.status, found?.execution.waitingFor, found?.execution.reason]
      }
      assert.deepEqual(await of(waiting.id), ['scheduled', 'overlap', null])
      assert.deepEqual(await of(skipped.id), ['skipped', null, 'open'])
      await cluster.run(scheduler.drain())
      for (const { id } of [first, waiting]) assert.deepEqual(await of(id), ['succeeded', null, null])
    },
  ),

  schedulerCase([12], 'a retry that waits is given up when the next tick falls due, if so asked', async (cluster) => {
    const runs: [second: number, attempt: number][] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('5s'),
      retry: { limit: 100, until: 'next-tick', backoff: { kind: 'fixed', delayMs: 2 * SECOND, jitter: 'none' } },
      run: ({ scheduledFor, attempt }) => {
        runs.push([(scheduledFor - cluster.startedAt) / SECOND, attempt])
        throw new Error('never')
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(10 * SECOND)
    assert.deepEqual(runs, [
      [5, 1],
      [5, 2],
      [5, 3],
      [10, 1],
    ])
    const { items } = await scheduler.executions({ jobs: ['tick'], statuses: ['failed'] })
    assert.deepEqual(
      items.map(({ reason }) => reason),
      ['superseded-by-tick'],
    )
  }),
]
