import { type AmbientContext, currentContext, withContext } from '@escapement/base'
import { defineJob, every } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, SECOND } from './cluster.ts'

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test('rule 29: inside a handler the context names the job, the execution and the attempt, also after an await', async () => {
  await using cluster = new Cluster()
  const seen: (AmbientContext | undefined)[] = []
  const ids: string[] = []
  const job = defineJob({
    name: 'report',
    trigger: every('10s'),
    run: async ({ executionId }) => {
      ids.push(executionId)
      await cluster.runtime.sleep(SECOND)
      seen.push(currentContext())
    },
  })
  await cluster.start({ jobs: [job] })
  await cluster.reach(12 * SECOND)
  expect(seen).toEqual([
    { principal: { type: 'system', id: 'job/report' }, executionId: ids[0], job: 'report', attempt: 1 },
  ])
})

test('rule 29: who asks is recorded, and the handler goes on under the trace of the request', async () => {
  await using cluster = new Cluster()
  let seen: AmbientContext | undefined
  const job = defineJob({ name: 'report', run: () => void (seen = currentContext()) })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const request = { principal: { type: 'user', id: 'ada' }, traceparent: TRACEPARENT } as const
  const { id } = await cluster.run(withContext(request, () => scheduler.enqueue(job)))
  const { createdBy, traceparent } = await cluster.run(scheduler.wait(id))
  expect({ createdBy, traceparent }).toEqual({ createdBy: 'user:ada', traceparent: TRACEPARENT })
  expect(seen).toMatchObject({ principal: { type: 'system', id: 'job/report' }, traceparent: TRACEPARENT })
})

test('rule 29: what a handler enqueues is asked for by its job', async () => {
  await using cluster = new Cluster()
  const second = defineJob({ name: 'second', run: () => undefined })
  const first = defineJob({ name: 'first', run: async () => (await scheduler.enqueue(second)).id })
  const { scheduler } = await cluster.start({ jobs: [first, second] })
  const { id } = await cluster.run(scheduler.enqueue(first))
  const { output } = await cluster.run(scheduler.wait(id))
  const { createdBy } = await cluster.run(scheduler.wait(JSON.parse(output ?? '') as string))
  expect(createdBy).toBe('system:job/first')
})

test('rule 29: onFailed runs in the name of its job', async () => {
  await using cluster = new Cluster()
  let seen: AmbientContext | undefined
  const job = defineJob({
    name: 'report',
    run: () => {
      throw new Error('no paper')
    },
    onFailed: () => void (seen = currentContext()),
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.run(scheduler.wait(id))
  await cluster.runtime.settle()
  expect(seen).toEqual({ principal: { type: 'system', id: 'job/report' }, executionId: id })
})
