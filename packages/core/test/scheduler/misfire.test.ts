import { defineJob, every, type MisfireOptions, type MisfirePolicy, type OverlapPolicy } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

interface Seen {
  readonly hour: number
  readonly missed: readonly [count: number, from: number, to: number] | null
}

/** Runs an hourly job for two hours, lets everything be down for three more, and comes back for one. */
async function outage(
  cluster: Cluster,
  misfire: MisfireOptions | MisfirePolicy,
  overlap: OverlapPolicy = 'skip',
): Promise<{ seen: Seen[]; verdicts: string[] }> {
  const seen: Seen[] = []
  const hour = (instant: number): number => (instant - START) / HOUR
  const job = defineJob({
    name: 'hourly',
    trigger: every('1h'),
    misfire,
    overlap,
    run: ({ scheduledFor, missed }) => {
      const shown = missed === null ? null : ([missed.count, hour(missed.from), hour(missed.to)] as const)
      seen.push({ hour: hour(scheduledFor), missed: shown })
    },
  })
  const first = await cluster.start({ jobs: [job], horizon: '2h' }) // so that some of the missed ticks have rows
  await cluster.reach(2.5 * HOUR)
  first.machine.kill()
  await cluster.reach(5.5 * HOUR)
  const second = await cluster.start({ jobs: [job], horizon: '2h' })
  await cluster.reach(6.5 * HOUR)
  const ticks = await second.scheduler.ticks(job, { from: START + 1, to: START + 6 * HOUR })
  return { seen, verdicts: ticks.map(({ verdict }) => verdict) }
}

test('rule 11: ticks older than misfire.within are never caught up, and all runs at most the latest max', async () => {
  await using cluster = new Cluster()
  const { seen, verdicts } = await outage(cluster, { policy: 'all', within: '2h' })
  expect(seen.map(({ hour }) => hour)).toEqual([1, 2, 4, 5, 6])
  expect(verdicts).toEqual(['succeeded', 'succeeded', 'misfire', 'succeeded', 'succeeded', 'succeeded'])
  await using other = new Cluster()
  const most = await outage(other, { policy: 'all', max: 1 })
  expect(most.seen.map(({ hour }) => hour)).toEqual([1, 2, 5, 6])
})

test('rule 11: rows that were planned ahead before an outage are judged like unplanned ticks', async () => {
  for (const horizon of ['1s', '10m', '24h'] as const) {
    await using cluster = new Cluster()
    const seen: number[] = []
    const job = defineJob({
      name: 'often',
      trigger: every('5m'),
      run: ({ scheduledFor, missed }) => void seen.push((scheduledFor - START) / MINUTE, missed?.count ?? 0),
    })
    const first = await cluster.start({ jobs: [job], horizon })
    await cluster.reach(12 * MINUTE)
    first.machine.kill()
    await cluster.reach(62 * MINUTE)
    await cluster.start({ jobs: [job], horizon })
    await cluster.reach(66 * MINUTE)
    expect(seen).toEqual([5, 0, 10, 0, 60, 10, 65, 0])
  }
})

test('rule 11: a tick up to 5 s late is punctual, one beyond is a misfire', async () => {
  for (const [downFor, verdict] of [
    [4_900, 'succeeded'],
    [5_200, 'misfire'],
  ] as const) {
    await using cluster = new Cluster()
    const job = defineJob({ name: 'tick', trigger: every('1m'), misfire: 'skip', run: () => undefined })
    const { scheduler, machine } = await cluster.start({ jobs: [job] })
    await cluster.reach(59 * SECOND)
    machine.suspend()
    await cluster.runtime.advanceTo(START + MINUTE + downFor)
    machine.resume()
    await cluster.reach(90 * SECOND)
    const [tick] = await scheduler.ticks(job, { from: START + MINUTE, to: START + MINUTE })
    expect(tick?.verdict).toBe(verdict)
  }
})

test('rule 11: startWithin ends a wait that has become too long, and the tick says expired', async () => {
  await using cluster = new Cluster()
  const hog = defineJob({ name: 'hog', run: () => cluster.runtime.sleep(10 * MINUTE) })
  const job = defineJob({ name: 'tick', trigger: every('5m'), startWithin: '1m', run: () => undefined })
  const { scheduler, events } = await cluster.start({ jobs: [hog, job], queues: { default: { concurrency: 1 } } })
  await cluster.reach(4 * MINUTE)
  await cluster.run(scheduler.enqueue(hog, undefined, { priority: 10 }))
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(16 * MINUTE)
  const ticks = await scheduler.ticks(job, { from: START + 1, to: START + 15 * MINUTE })
  expect(ticks.map(({ verdict }) => verdict)).toEqual(['expired', 'expired', 'succeeded'])
  expect(events.filter(({ type }) => type === 'tick:dropped').map(({ reason }) => reason)).toEqual([
    'expired',
    'expired',
  ])
  expect((await scheduler.execution(id))?.execution).toMatchObject({ status: 'skipped', reason: 'expired' })
})
