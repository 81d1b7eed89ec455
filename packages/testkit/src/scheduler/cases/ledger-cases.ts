import { defineJob, every, NonRetryableError, UnsupportedError } from '@escapement/core'
import { strict as assert } from 'node:assert'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000
const MINUTE = 60_000

/** What the ledger and the statistics answer. */
export const ledgerCases: readonly SchedulerCase[] = [
  schedulerCase([3], 'a retry by hand replaces a failed tick, whose verdict stays', async (cluster) => {
    let runs = 0
    const job = defineJob({
      name: 'tick',
      trigger: every('10s'),
      run: () => {
        if (++runs < 3) throw new NonRetryableError(`no ${runs}`)
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(10 * SECOND)
    const at = cluster.startedAt + 10 * SECOND
    const [tick] = await scheduler.ticks(job, { from: at, to: at })
    const original = tick?.executionId ?? ''
    const second = await cluster.run(scheduler.retry(original, { by: 'user:ada' }))
    assert.equal((await cluster.run(scheduler.wait(second.id))).status, 'failed')
    const third = await cluster.run(scheduler.retry(original))
    const end = await cluster.run(scheduler.wait(third.id))
    assert.deepEqual([end.status, end.replaces, end.scheduledFor], ['succeeded', second.id, at])
    const [after] = await scheduler.ticks(job, { from: at, to: at })
    assert.deepEqual([after?.verdict, after?.executionId, after?.replacedBy], ['failed', original, third.id])
  }),

  schedulerCase([3], 'an execution is replaced once, and only when it has ended', async (cluster) => {
    const job = defineJob({ name: 'slow', run: () => cluster.runtime.sleep(2 * SECOND) })
    const { scheduler } = await cluster.start({ jobs: [job] })
    const { id } = await cluster.run(scheduler.enqueue(job))
    await cluster.turn()
    await assert.rejects(scheduler.retry(id), UnsupportedError)
    await cluster.reach(3 * SECOND)
    await Promise.allSettled([scheduler.retry(id), scheduler.retry(id)])
    assert.equal(await scheduler.countExecutions({ jobs: ['slow'] }), 2)
  }),

  schedulerCase([4], 'an outage of a month of a job due each minute becomes one span a verdict', async (cluster) => {
    const seen: number[] = []
    const job = defineJob({
      name: 'each-minute',
      trigger: every('1m'),
      misfire: { policy: 'once', within: '1h' },
      run: ({ missed }) => void seen.push(missed?.count ?? 0),
    })
    const first = await cluster.start({ jobs: [job], retention: '1000d' })
    await cluster.run(first.scheduler.stop())
    const minutes = 30 * 1_440
    await cluster.reach(minutes * MINUTE - 5 * SECOND)
    const { scheduler } = await cluster.start({ jobs: [job], retention: '1000d' })
    await cluster.reach(minutes * MINUTE)
    assert.deepEqual(seen, [60, 0])
    const spans = await cluster.store.spans('default', 'each-minute', 0, cluster.runtime.now(), 100)
    assert.deepEqual(
      spans.map(({ reason, count }) => [reason, count]),
      [
        ['misfire', minutes - 61],
        ['coalesced', 59],
      ],
    )
    assert.equal(await scheduler.countExecutions({ jobs: ['each-minute'] }), 2)
  }),

  schedulerCase([4, 21], 'what is not kept is folded into spans, and still counted', async (cluster) => {
    const runs = { none: 0, failures: 0, keep: 0 }
    const failingThird = (name: keyof typeof runs) => () => {
      if (++runs[name] === 3) throw new Error('third')
    }
    const trigger = every('2s')
    const none = defineJob({ name: 'none', trigger, history: 'none', run: failingThird('none') })
    const failures = defineJob({ name: 'failures', trigger, history: 'failures', run: failingThird('failures') })
    const keep = defineJob({ name: 'keep', trigger, history: { keep: 2 }, run: () => void runs.keep++ })
    const { scheduler } = await cluster.start({ jobs: [none, failures, keep] })
    await cluster.reach(10 * SECOND)
    const rows = async (job: string): Promise<number[]> => {
      const filter = { jobs: [job], statuses: ['succeeded', 'failed'] } as const
      const { items } = await scheduler.executions(filter, { order: 'oldest' })
      return items.map(({ scheduledFor }) => (scheduledFor - cluster.startedAt) / SECOND)
    }
    assert.deepEqual([await rows('none'), await rows('failures'), await rows('keep')], [[], [6], [8, 10]])
    const range = { from: cluster.startedAt + 1, to: cluster.startedAt + 10 * SECOND }
    for (const { name } of [none, failures]) {
      const ticks = await scheduler.ticks(name, range)
      assert.deepEqual(
        ticks.map(({ verdict }) => verdict),
        ['succeeded', 'succeeded', 'failed', 'succeeded', 'succeeded'],
      )
      const { succeeded, failed } = await scheduler.stats({
        job: name,
        from: cluster.startedAt,
        to: cluster.runtime.now() + SECOND,
      })
      assert.deepEqual([succeeded, failed], [4, 1])
    }
  }),

  schedulerCase([21], 'statistics count every verdict once and outlive the executions', async (cluster) => {
    let runs = 0
    const job = defineJob({
      name: 'measured',
      trigger: every('3s'),
      retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 100, jitter: 'none' } },
      run: async ({ attempt }) => {
        if (attempt === 1) runs++
        await cluster.runtime.sleep(SECOND)
        if (runs === 2) throw new NonRetryableError('broken')
        if (runs === 3 && attempt === 1) throw new Error('once more')
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    await cluster.reach(14 * SECOND)
    await cluster.run(scheduler.pause(job))
    const range = { job: 'measured', from: cluster.startedAt, to: cluster.startedAt + 3_600 * SECOND }
    const { succeeded, failed, retries, duration, successRate } = await scheduler.stats(range)
    assert.deepEqual([succeeded, failed, retries, successRate], [3, 1, 1, 0.75])
    assert.ok(duration.p50 !== null && Math.abs(duration.p50 - SECOND) <= 0.05 * SECOND, `p50 is ${duration.p50}`)
    await cluster.run(scheduler.stop())
    await cluster.reach(90 * SECOND)
    const later = await cluster.start({ jobs: [job] })
    await cluster.run(later.scheduler.setRetention('1m'))
    await cluster.reach(91 * SECOND)
    const settled = { jobs: ['measured'], statuses: ['succeeded', 'failed'] } as const
    assert.equal(await later.scheduler.countExecutions(settled), 0)
    assert.equal((await later.scheduler.stats(range)).succeeded, 3)
  }),
]
