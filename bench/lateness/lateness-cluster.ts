import { setTimeout as sleep } from 'node:timers/promises'
import { openPlace, type StorePlace } from '../harness/store-place.ts'
import { type ClusterLedger, clusterLedger } from './cluster-ledger.ts'
import { startMembers, stopMembers } from './cluster-members.ts'
import type { BullmqInstanceSetting, FloorInstanceSetting, InstanceSetting } from './lateness-message.ts'
import { type ClusterOutcome, verdictByLedger, verdictByStarts, type Watched } from './cluster-verdict.ts'

const INSTANCES = ['0', '1', '2']
/** One is killed so long before a full second: one that has claimed what falls due then, and started nothing of it. Milliseconds. */
const BEFORE_TICK_MS = 15

/** So long after the last instance has started it is measured. Milliseconds. */
export const WARM_UP_MS: number = 10_000

/** What a run of a cluster looks like. */
export interface ClusterSetting {
  readonly place: StorePlace
  readonly jobs: number
  readonly seconds: number
  /** Whether one instance is killed with SIGKILL in the middle. */
  readonly kill: boolean
}

/** Runs three processes on one store and judges what they did, by the ids of ticks and executions. */
export async function runCluster({ place, jobs, seconds, kill }: ClusterSetting): Promise<ClusterOutcome> {
  const program = new URL('./lateness-instance.ts', import.meta.url)
  const settings = INSTANCES.map((instance): InstanceSetting => ({ place, jobs, instance }))
  const members = await startMembers(program, settings)
  await using ledger = await clusterLedger(place)
  const watched = await watchedSeconds(jobs, seconds, kill)
  if (kill) {
    const second = Math.ceil((watched.from + watched.to) / 2_000) * 1_000
    await sleep(second - 1_000 - Date.now())
    await holderOf(ledger, second) // so that the look that counts finds connections open and statements prepared
    await sleep(second - BEFORE_TICK_MS - Date.now())
    members[await holderOf(ledger, second)]?.process.kill('SIGKILL')
  }
  await sleep(watched.to + (kill ? 11_000 : 1_000) - Date.now())
  const starts = await stopMembers(members)
  return await verdictByLedger(watched, starts, ledger)
}

/** The least that PostgreSQL asks for. */
export async function runFloorCluster(url: string, jobs: number, seconds: number): Promise<ClusterOutcome> {
  {
    await using placed = openPlace({ kind: 'postgres', url })
    await placed.store.open() // makes the tables
  }
  const names = Array.from({ length: jobs }, (_, n) => ({
    owner: String(n % INSTANCES.length),
    job: `bench.tick-${n}`,
  }))
  const settings = INSTANCES.map(
    (instance): FloorInstanceSetting => ({
      url,
      jobs: names.filter(({ owner }) => owner === instance).map(({ job }) => job),
    }),
  )
  return watchStarts(new URL('./floor-instance.ts', import.meta.url), settings, { jobs, seconds })
}

/** The same with BullMQ. */
export async function runBullmqCluster(
  setting: Omit<BullmqInstanceSetting, 'isFirst'>,
  seconds: number,
): Promise<ClusterOutcome> {
  const settings = INSTANCES.map((_, n): BullmqInstanceSetting => ({ ...setting, isFirst: n === 0 }))
  return watchStarts(new URL('./bullmq-instance.ts', import.meta.url), settings, { jobs: setting.jobs, seconds })
}

/** Runs processes that keep no ledger of ticks, and judges them by what their handlers noted. */
async function watchStarts(
  program: URL,
  settings: readonly object[],
  { jobs, seconds }: Pick<ClusterSetting, 'jobs' | 'seconds'>,
): Promise<ClusterOutcome> {
  const members = await startMembers(program, settings)
  const watched = await watchedSeconds(jobs, seconds, false)
  await sleep(watched.to + 1_000 - Date.now())
  return verdictByStarts(watched, (await stopMembers(members)).living)
}

/** The first seconds are those of registration and of code that is not compiled yet. */
async function watchedSeconds(jobs: number, seconds: number, isKilled: boolean): Promise<Watched> {
  await sleep(WARM_UP_MS)
  const from = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000
  return { jobs, from, to: from + seconds * 1_000, isKilled }
}

/** Which process has claimed ticks of a second that is still to come. */
async function holderOf(ledger: ClusterLedger, second: number): Promise<number> {
  const executions = await ledger.executions(second, second + 1)
  const holder = executions.find(({ instance }) => instance !== null)?.instance
  return Number(holder?.split('.')[0] ?? 0)
}
