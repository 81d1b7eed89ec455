import { currentContext, withContext } from '@escapement/base'
import { defineJob, every } from '@escapement/core'
import { strict as assert } from 'node:assert'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

/** What is kept apart, what handlers know of themselves, and what nobody may read. */
export const contextCases: readonly SchedulerCase[] = [
  schedulerCase([26], 'namespaces of one store do not see each other', async (cluster) => {
    const ran: string[] = []
    const start = (namespace: string) => {
      const run = (): void => void ran.push(namespace)
      return cluster.start({ namespace, jobs: [defineJob({ name: 'same', trigger: every('2s'), run })] })
    }
    const first = await start('first')
    const second = await start('second')
    await cluster.reach(2 * SECOND)
    assert.deepEqual(ran.toSorted(), ['first', 'second'])
    await cluster.run(first.scheduler.pause('same'))
    await cluster.run(first.scheduler.enqueue('same', undefined, { key: 'one', delay: '1h' }))
    const { existing } = await cluster.run(second.scheduler.enqueue('same', undefined, { key: 'one', delay: '1h' }))
    assert.equal(existing, false)
    await cluster.reach(6 * SECOND)
    assert.deepEqual(ran.slice(2), ['second', 'second'])
    assert.equal((await first.scheduler.instances()).length, 1)
  }),

  schedulerCase([29], 'the ambient context names job, execution, attempt and trace', async (cluster) => {
    const seen: unknown[] = []
    const job = defineJob({
      name: 'traced',
      retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 1, jitter: 'none' } },
      run: async ({ attempt }) => {
        await cluster.runtime.sleep(10)
        seen.push(currentContext())
        if (attempt === 1) throw new Error('again')
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const caller = { traceparent, principal: { type: 'user', id: 'ada' } } as const
    const { id } = await cluster.run(withContext(caller, () => scheduler.enqueue(job)))
    const { createdBy } = await cluster.run(scheduler.wait(id))
    const context = { principal: { type: 'system', id: 'job/traced' }, executionId: id, job: 'traced', traceparent }
    assert.deepEqual(seen, [
      { ...context, attempt: 1 },
      { ...context, attempt: 2 },
    ])
    assert.equal(createdBy, 'user:ada')
  }),

  schedulerCase([30], 'no secret is stored with output, log or error, or shown with the input', async (cluster) => {
    const job = defineJob({
      name: 'secretive',
      redact: ['**.token'],
      run: ({ input, log, attempt }) => {
        const { token } = input as { token: string }
        log.info(`using ${token}`, { token })
        if (attempt === 1) throw new Error(`refused ${token}`)
        return { token, ok: true }
      },
      retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 1, jitter: 'none' } },
    })
    const { scheduler } = await cluster.start({ jobs: [job] })
    const { id } = await cluster.run(scheduler.enqueue(job, { token: 'hunter2-hunter2' }))
    assert.equal((await cluster.run(scheduler.wait(id))).output, '{"token":"[redacted]","ok":true}')
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
    const stored = await cluster.store.execution('default', id)
    assert.equal(stored?.attempts.length, 2)
    const shown = [await scheduler.execution(id), (await scheduler.executions()).items]
    for (const each of [shown, { ...stored, execution: { ...stored.execution, input: null } }])
      assert.doesNotMatch(text(each), /hunter2/)
  }),
]
