import { defineJob, every } from '@escapement/core'
import { strict as assert } from 'node:assert'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

/** What a pause holds back, and what it does not. */
export const pauseCases: readonly SchedulerCase[] = [
  schedulerCase([13], 'ticks in a pause become a span on every instance, and are never misfires', async (cluster) => {
    const seen: number[] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('2s'),
      misfire: 'all',
      run: ({ scheduledFor }) => void seen.push((scheduledFor - cluster.startedAt) / SECOND),
    })
    const first = await cluster.start({ jobs: [job] })
    const second = await cluster.start({ jobs: [job] })
    await cluster.reach(3 * SECOND)
    await cluster.run(first.scheduler.pause(job, { by: 'user:ada', note: 'migration' }))
    const { pause } = (await second.scheduler.jobs({ names: ['tick'] })).items[0] ?? {}
    assert.deepEqual([pause?.by, pause?.note, pause?.until], ['user:ada', 'migration', null])
    await cluster.reach(11 * SECOND)
    await cluster.run(second.scheduler.resume(job))
    await cluster.reach(14 * SECOND)
    assert.deepEqual(seen, [2, 12, 14])
    const spans = await cluster.store.spans('default', 'tick', 0, cluster.runtime.now(), 10)
    assert.deepEqual(
      spans.map(({ from, to, count, reason }) => [from - cluster.startedAt, to - cluster.startedAt, count, reason]),
      [[4 * SECOND, 10 * SECOND, 4, 'paused']],
    )
  }),

  schedulerCase([13], 'a pause lets the attempt finish, holds back its retry, and no enqueued run', async (cluster) => {
    const runs: string[] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('5s'),
      overlap: 'allow',
      retry: { limit: 2, backoff: { kind: 'fixed', delayMs: SECOND, jitter: 'none' } },
      run: async ({ input, attempt }) => {
        runs.push(`${input === 'run' ? 'run' : 'tick'} ${attempt}`)
        await cluster.runtime.sleep(2 * SECOND)
        if (input !== 'run' && attempt === 1) throw new Error('not yet')
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(6 * SECOND)
    await cluster.run(scheduler.pause(job))
    const { id } = await cluster.run(scheduler.enqueue(job, 'run'))
    await cluster.reach(11 * SECOND)
    assert.deepEqual(runs, ['tick 1', 'run 1'])
    assert.equal((await scheduler.execution(id))?.execution.status, 'succeeded')
    const { items } = await scheduler.executions({ jobs: ['tick'], statuses: ['scheduled'] }, { order: 'oldest' })
    assert.deepEqual([items[0]?.attempt, items[0]?.waitingFor], [1, 'pause'])
    await cluster.run(scheduler.resume(job))
    await cluster.reach(14 * SECOND)
    assert.deepEqual(runs, ['tick 1', 'run 1', 'tick 2'])
    assert.equal((await scheduler.execution(items[0]?.id ?? ''))?.execution.status, 'succeeded')
  }),

  schedulerCase([13], "a pause ends by itself at its end, by the server's clock", async (cluster) => {
    const seen: number[] = []
    const job = defineJob({
      name: 'tick',
      trigger: every('2s'),
      run: ({ scheduledFor }) => void seen.push((scheduledFor - cluster.startedAt) / SECOND),
    })
    const { scheduler } = await cluster.start({ jobs: [job] }, { offsetMs: -3_600_000 })
    await cluster.run(scheduler.pause(job, { until: cluster.startedAt + 6 * SECOND }))
    await cluster.reach(8 * SECOND)
    assert.deepEqual(seen, [6, 8])
  }),

  schedulerCase([13], 'a paused queue starts nothing of any origin until it is resumed', async (cluster) => {
    const seen: string[] = []
    const mail = defineJob({ name: 'mail', queue: 'mail', run: () => void seen.push('mail') })
    const tick = defineJob({ name: 'tick', queue: 'mail', trigger: every('2s'), run: () => void seen.push('tick') })
    const plain = defineJob({ name: 'plain', run: () => void seen.push('plain') })
    const first = await cluster.start({ jobs: [mail, tick, plain] })
    const second = await cluster.start({ jobs: [mail, tick, plain] })
    await cluster.run(first.scheduler.pauseQueue('mail', { by: 'user:ada' }))
    for (const job of [mail, plain]) await cluster.run(second.scheduler.enqueue(job))
    await cluster.reach(5 * SECOND)
    assert.deepEqual(seen, ['plain'])
    const queue = (await second.scheduler.queues()).find(({ name }) => name === 'mail')
    assert.deepEqual([queue?.due, queue?.pause?.by], [1, 'user:ada'])
    await cluster.run(second.scheduler.resumeQueue('mail'))
    await cluster.reach(7 * SECOND)
    assert.deepEqual(seen, ['plain', 'mail', 'tick'])
    const ticks = await first.scheduler.ticks(tick, { from: cluster.startedAt + 1, to: cluster.startedAt + 6 * SECOND })
    assert.deepEqual(
      ticks.map(({ verdict }) => verdict),
      ['paused', 'paused', 'succeeded'],
    )
  }),
]
