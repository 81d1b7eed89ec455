import type { Attempt, Execution, ExecutionOrigin, ExecutionStatus } from './execution.ts'
import type { JobState } from './job-state.ts'
import type { Span } from './span.ts'

/** Which executions. Fields add up (and); values of one field are alternatives (or). */
export interface ExecutionFilter {
  readonly jobs?: readonly string[]
  readonly statuses?: readonly ExecutionStatus[]
  readonly origins?: readonly ExecutionOrigin[]
  readonly queues?: readonly string[]
  readonly instances?: readonly string[]
  readonly labels?: readonly string[]
  readonly ids?: readonly string[]
  /** `scheduledFor` at or after, Unix milliseconds. */
  readonly from?: number
  /** `scheduledFor` before, Unix milliseconds. */
  readonly to?: number
  /** Created at or before, Unix milliseconds: freezes a range for bulk actions. */
  readonly createdBefore?: number
  readonly key?: string
  /** Text that job name, key, id, error message or input contains; at most 200 characters, case-insensitive for ASCII. */
  readonly search?: string
}

/** A page request by keyset: stable while rows come and go. */
export interface PageRequest {
  /** 1 to 500. */
  readonly limit: number
  /** `next` of the page before; null or absent: the first page. */
  readonly cursor?: string | null
  /** By `scheduledFor`, then id. Default `newest`. */
  readonly order?: 'newest' | 'oldest'
}

/** One page. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Pass it as `cursor` for the page after this; null: there is none. */
  readonly next: string | null
}

/** Which jobs. */
export interface JobFilter {
  readonly names?: readonly string[]
  readonly queues?: readonly string[]
  readonly labels?: readonly string[]
  readonly search?: string
  /** Default false. */
  readonly includeSystem?: boolean
  /** Default false. */
  readonly includeRetired?: boolean
}

/** An instance as readers see it. Instants in Unix milliseconds, server clock. */
export interface InstanceState {
  readonly id: string
  readonly name: string
  readonly version: number | null
  readonly startedAt: number
  readonly heartbeatAt: number
  readonly leaseUntil: number
  readonly isAlive: boolean
  readonly running: number
}

/** Numbers of a stretch of time. Histograms are sparse: bucket index to count. */
export interface StatsRecord {
  /** Empty: all jobs together. */
  readonly job: string
  /** Start of the bucket, Unix milliseconds. */
  readonly bucket: number
  readonly succeeded: number
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  readonly retries: number
  readonly interruptions: number
  readonly durationSumMs: number
  readonly latenessSumMs: number
  readonly duration: Readonly<Record<number, number>>
  readonly lateness: Readonly<Record<number, number>>
}

/** What waits and runs, by queue, at this moment. */
export interface Backlog {
  readonly queue: string
  /** Due and not claimed. */
  readonly due: number
  readonly running: number
  /** The longest that anything due has waited, milliseconds. */
  readonly oldestDueMs: number
}

/** Reads; none of them changes anything. */
export interface ReadStore {
  executions(namespace: string, filter: ExecutionFilter, page: PageRequest): Promise<Page<Execution>>
  /** Counts up to `cap` matches, so that it ends early on large sets. */
  countExecutions(namespace: string, filter: ExecutionFilter, cap: number): Promise<number>
  /** Null: unknown, purged or folded. */
  execution(namespace: string, id: string): Promise<{ execution: Execution; attempts: readonly Attempt[] } | null>
  jobs(namespace: string, filter: JobFilter, page: PageRequest): Promise<Page<JobState>>
  instances(namespace: string): Promise<readonly InstanceState[]>
  /** Spans that touch [from, to], oldest first, at most `limit`. */
  spans(namespace: string, job: string, from: number, to: number, limit: number): Promise<readonly Span[]>
  /** Executions of ticks (origins tick, backfill; not their replacements) with scheduledFor in [from, to], oldest first. */
  tickExecutions(namespace: string, job: string, from: number, to: number, limit: number): Promise<readonly Execution[]>
  /** Numbers of one job (null: all together) in [from, to), in the finest buckets that are kept, by time. */
  stats(namespace: string, query: { job: string | null; from: number; to: number }): Promise<readonly StatsRecord[]>
  backlog(namespace: string): Promise<readonly Backlog[]>
  /** Names of jobs with executions due that no live instance has a handler for, at most `limit`. */
  stranded(namespace: string, limit: number): Promise<readonly string[]>
}
