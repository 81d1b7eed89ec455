import { defineJob, every } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND, START } from './cluster.ts'

test('rule 13: what was waiting for a slot when the pause began does not start, and runs after it', async () => {
  await using cluster = new Cluster()
  const order: string[] = []
  const hog = defineJob({ name: 'hog', run: () => cluster.runtime.sleep(2 * MINUTE) })
  const job = defineJob({ name: 'tick', trigger: every('10m'), run: () => void order.push('tick') })
  const { scheduler } = await cluster.start({ jobs: [hog, job], queues: { default: { concurrency: 1 } } })
  await cluster.reach(9 * MINUTE)
  await cluster.run(scheduler.enqueue(hog, undefined, { priority: 1 }))
  await cluster.reach(10.5 * MINUTE)
  await cluster.run(scheduler.pause(job))
  await cluster.reach(15 * MINUTE)
  expect(order).toEqual([])
  await cluster.run(scheduler.resume(job))
  await cluster.reach(15 * MINUTE + SECOND)
  expect(order).toEqual(['tick'])
})

test('rule 13: what was taken ahead is given back when its job is paused', async () => {
  await using cluster = new Cluster()
  let starts = 0
  const job = defineJob({
    name: 'tick',
    trigger: every('100ms'),
    overlap: 'allow',
    misfire: 'all',
    run: () => cluster.runtime.sleep(++starts <= 20 ? 1 : 10 * SECOND),
  })
  const { scheduler } = await cluster.start({ jobs: [job], queues: { default: { concurrency: 2 } } })
  const ahead = async (): Promise<number> => {
    const { items } = await scheduler.executions({ jobs: ['tick'], statuses: ['scheduled'] }, { limit: 500 })
    return items.filter(({ claimedAt }) => claimedAt !== null).length
  }
  await cluster.runtime.runUntil(() => starts === 22) // both slots are taken now, for ten seconds
  await cluster.runtime.runUntil(async () => (await ahead()) > 0, '900ms')
  await cluster.run(scheduler.pause(job))
  expect(await ahead()).toBe(0)
  await cluster.runtime.advance('30s')
  expect(starts).toBe(22)
})

test('rule 13: ticks of a paused queue become a span as those of a paused job do, and its enqueued runs wait', async () => {
  await using cluster = new Cluster()
  const seen: string[] = []
  const job = (queue: string) =>
    defineJob({
      name: `tick.${queue}`,
      queue,
      trigger: every('1m'),
      overlap: 'queue-all',
      misfire: 'all',
      run: ({ input, scheduledFor }) => {
        seen.push(`${queue} ${input === 'run' ? 'run' : (scheduledFor - START) / MINUTE}`)
      },
    })
  const jobs = [job('mail'), job('other')]
  const first = await cluster.start({ jobs })
  const second = await cluster.start({ jobs })
  await cluster.reach(2.5 * MINUTE)
  await cluster.run(first.scheduler.pauseQueue('mail'))
  const run = await cluster.run(second.scheduler.enqueue('tick.mail', 'run'))
  await cluster.reach(5.5 * MINUTE)
  expect(seen.filter((tick) => tick.startsWith('mail'))).toEqual(['mail 1', 'mail 2'])
  const ticks = await second.scheduler.ticks('tick.mail', { from: START, to: START + 5 * MINUTE })
  expect(ticks.map(({ verdict }) => verdict)).toEqual(['succeeded', 'succeeded', 'paused', 'paused', 'paused'])
  expect((await second.scheduler.execution(run.id))?.execution).toMatchObject({ attempt: 0, waitingFor: 'pause' })
  await cluster.run(second.scheduler.resumeQueue('mail'))
  await cluster.reach(7.5 * MINUTE)
  expect((await second.scheduler.execution(run.id))?.execution.status).toBe('succeeded')
  expect(seen.filter((tick) => tick.startsWith('mail'))).toEqual(['mail 1', 'mail 2', 'mail run', 'mail 6', 'mail 7'])
  expect(seen.filter((tick) => tick.startsWith('other')).length).toBe(7)
  const spans = await cluster.store.spans('default', 'tick.mail', START, cluster.runtime.now(), 10)
  expect(spans).toMatchObject([{ from: START + 3 * MINUTE, to: START + 5 * MINUTE, count: 3, reason: 'paused' }])
})

test('rule 13: ticks that fell due in a pause of their queue while nobody lived are paused, those after it misfires', async () => {
  await using cluster = new Cluster()
  const seen: number[] = []
  const job = defineJob({
    name: 'tick',
    queue: 'mail',
    trigger: every('1m'),
    overlap: 'queue-all',
    misfire: 'all',
    run: ({ scheduledFor }) => void seen.push((scheduledFor - START) / MINUTE),
  })
  const first = await cluster.start({ jobs: [job] })
  await cluster.reach(2.5 * MINUTE)
  await cluster.run(first.scheduler.pauseQueue('mail', { until: START + 5 * MINUTE }))
  await cluster.reach(2 * MINUTE + 50 * SECOND) // the tick of minute 3 is planned, the others are not
  first.machine.kill()
  await cluster.reach(7.5 * MINUTE)
  const second = await cluster.start({ jobs: [job] })
  await cluster.reach(8.5 * MINUTE)
  expect(seen).toEqual([1, 2, 5, 6, 7, 8])
  const ticks = await second.scheduler.ticks('tick', { from: START + 3 * MINUTE, to: START + 4 * MINUTE })
  expect(ticks.map(({ verdict }) => verdict)).toEqual(['paused', 'paused'])
})

test('rule 13: pausing a queue forgets what ended more than a week ago, pausing a job does not', async () => {
  await using cluster = new Cluster()
  const job = defineJob({ name: 'job', queue: 'mail', run: () => undefined })
  const registrar = await cluster.start({ jobs: [job] })
  await cluster.run(registrar.scheduler.stop())
  const { scheduler } = cluster.add({ jobs: [job] })
  const pauses = async (): Promise<number[]> => {
    const [state] = await cluster.store.jobStates('default', ['job'])
    const queue = (await cluster.store.queueStates('default')).find(({ name }) => name === 'mail')
    return [state?.pauses.length ?? -1, queue?.pauses.length ?? -1]
  }
  for (const passes of ['1h', '8d', '1h'] as const) {
    await cluster.run(scheduler.pause('job', { until: cluster.runtime.now() + SECOND }))
    await cluster.run(scheduler.pauseQueue('mail', { until: cluster.runtime.now() + SECOND }))
    await cluster.runtime.advance(passes)
  }
  expect(await pauses()).toEqual([3, 1])
})
