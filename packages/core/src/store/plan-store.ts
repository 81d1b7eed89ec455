import type { ExecutionOrigin, Missed } from './execution.ts'
import type { JobState, PauseWindow } from './job-state.ts'
import type { Span, SpanReason } from './span.ts'

/** An execution to be inserted. Instants in Unix milliseconds, server clock. */
export interface NewExecution {
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly origin: ExecutionOrigin
  /** Identity within (namespace, job): `tick:<ms>`, `key:<key>`, `replaces:<id>`, `event:<id>:<version>`; null: none. */
  readonly dedupeKey: string | null
  readonly queue: string
  readonly priority: number
  /** Nominal time; null: the server's time at the insert. */
  readonly scheduledFor: number | null
  /** From when it may be claimed; null: the server's time at the insert plus `delayMs`. */
  readonly dueAt: number | null
  readonly delayMs: number
  /** After this wait beyond `dueAt` it is not started any more; null: never. */
  readonly startWithinMs: number | null
  readonly input: string | null
  readonly concurrencyKey: string | null
  readonly concurrencyLimit: number | null
  /** Whether the job's overlap is other than `allow`: at most one open execution at a time. */
  readonly isExclusive: boolean
  /** `skip`: it becomes `skipped` when another execution of the exclusive job is open as it falls due. */
  readonly ifOpen: 'wait' | 'skip'
  readonly missed: Missed | null
  /** False for ticks that a claim pass still has to judge (overlap, pause). */
  readonly isJudged: boolean
  readonly createdBy: string | null
  readonly traceparent: string | null
}

/** A tick row that fell due unseen for longer than the punctual window and has no verdict yet. */
export interface LateTick {
  readonly executionId: string
  readonly scheduledFor: number
}

/** A job that has ticks to plan or late ticks to judge. */
export interface DueJob {
  readonly state: JobState
  /** Pauses of the queue that the job is in now: its ticks are judged by them as by its own (rule 13). */
  readonly queuePauses: readonly PauseWindow[]
  /** Whether any live instance has a handler for it. */
  readonly hasLiveHandler: boolean
  /** Unjudged tick rows that are late, oldest first; at most `maxLateTicks` of the request. */
  readonly lateTicks: readonly LateTick[]
}

/**
 * What one planning step writes for one job, by compare and set on the cursor, the revision and the pauses. Everything
 * of an entry is applied, or nothing.
 */
export interface PlanEntry {
  readonly job: string
  readonly expected: Pick<JobState, 'plannedUntil' | 'pauses'> & { readonly revision: number }
  readonly plannedUntil: number
  readonly nextTickAt: number | null
  /** Executions of ticks in (expected.plannedUntil, plannedUntil]. A tick that has one already is left alone. */
  readonly executions: readonly NewExecution[]
  /** Spans of ticks in (expected.plannedUntil, plannedUntil], oldest first; merged with a neighbour of the same verdict. */
  readonly spans: readonly Span[]
  /** Late ticks that do not run: their rows turn into spans. */
  readonly fold: readonly { readonly executionId: string; readonly reason: SpanReason }[]
  /** Late ticks that run. */
  readonly keep: readonly { readonly executionId: string; readonly missed: Missed | null }[]
  /** The pauses that still matter afterwards. */
  readonly pauses: JobState['pauses']
}

/** Ticks to be filled by hand: each gets an execution unless it has one, and leaves its span. */
export interface BackfillRequest {
  readonly job: string
  readonly executions: readonly NewExecution[]
}

/** From schedules to rows. */
export interface PlanStore {
  /**
   * Active jobs whose next tick is at or before `until`, soonest first, without absent and retired ones; and those named
   * in `late`, absent ones too. Costs the same however many jobs are not due.
   *
   * @returns The jobs, the next tick of any other active job (null: none), and the server's time.
   */
  dueJobs(
    namespace: string,
    request: {
      readonly until: number
      readonly limit: number
      readonly late: readonly string[]
      readonly maxLateTicks: number
    },
  ): Promise<{ readonly jobs: readonly DueJob[]; readonly nextTickAt: number | null; readonly now: number }>

  /** Applies entries, each by compare and set. `conflict`: something moved; read again. */
  plan(namespace: string, entries: readonly PlanEntry[]): Promise<readonly ('planned' | 'conflict')[]>

  /** @returns How many executions were inserted. */
  backfill(namespace: string, request: BackfillRequest): Promise<number>
}
