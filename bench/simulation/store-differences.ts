import type { Execution, JobStore } from '@escapement/core'
import type { SimulatedJob } from './simulated-job.ts'

const NAMESPACE = 'default'

/** What the store must hold at the end. */
interface Expectation {
  readonly jobs: readonly SimulatedJob[]
  /** Ticks of (from, to] are there, settled or in a span, and nothing that ended before. */
  readonly from: number
  readonly to: number
  /** How many live. */
  readonly instances: number
}

/** Compares what the store holds with what it must hold at the end. */
export async function storeDifferences(
  store: JobStore,
  { jobs, from, to, instances }: Expectation,
): Promise<{ readonly rows: number; readonly differences: readonly string[] }> {
  const differences: string[] = []
  let rows = 0
  const live = (await store.instances(NAMESPACE)).filter(({ isAlive }) => isAlive).length
  if (live !== instances) differences.push(`${live} instances live instead of ${instances}`)
  for (const { name, periodMs, phaseMs } of jobs) {
    const known = new Set<number>()
    for (const { scheduledFor, finishedAt, status } of await store.tickExecutions(NAMESPACE, name, 0, to, 1_000_000)) {
      rows++
      known.add(scheduledFor)
      if (finishedAt === null) differences.push(`${name}: ${iso(scheduledFor)} is still ${status}`)
      else if (finishedAt < from) differences.push(`${name}: ${iso(scheduledFor)} should have been purged`)
    }
    for (const span of await store.spans(NAMESPACE, name, 0, to, 1_000_000)) {
      rows++
      for (let tick = span.from; tick <= span.to; tick += periodMs) known.add(tick)
      if (span.to < from) differences.push(`${name}: the span to ${iso(span.to)} should have been purged`)
    }
    const first = Math.floor((from - phaseMs) / periodMs) * periodMs + phaseMs + periodMs
    for (let tick = first; tick <= to; tick += periodMs) {
      if (!known.has(tick)) differences.push(`${name}: the store has lost ${iso(tick)}`)
    }
  }
  return { rows, differences: [...differences, ...(await unexpected(store, jobs, from))] }
}

/** Executions of jobs that nobody asked about, Escapement's own apart. */
async function unexpected(store: JobStore, jobs: readonly SimulatedJob[], from: number): Promise<readonly string[]> {
  const names = new Set(jobs.map(({ name }) => name))
  const differences: string[] = []
  let cursor: string | null = null
  do {
    const page: { readonly items: readonly Execution[]; readonly next: string | null } = await store.executions(
      NAMESPACE,
      { statuses: ['succeeded', 'failed', 'timed_out', 'cancelled', 'skipped'] },
      { limit: 500, cursor, order: 'oldest' },
    )
    for (const { job, finishedAt } of page.items) {
      if (names.has(job)) continue
      if (!job.startsWith('escapement.')) differences.push(`there is an execution of ${job}`)
      if ((finishedAt ?? 0) < from) differences.push(`${job}: ${iso(finishedAt ?? 0)} should have been purged`)
    }
    cursor = page.next
  } while (cursor !== null)
  return differences
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
