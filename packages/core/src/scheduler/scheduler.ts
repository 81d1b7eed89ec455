import type { Duration, PrincipalLike, Runtime } from '@escapement/base'
import type { AnyJob, Job } from '../job/job.ts'
import type { TickVerdict } from '../ledger/tick-verdict.ts'
import type { JobStats, StatsQuery } from '../stats/job-stats.ts'
import type { CancelResult, EnqueueResult } from '../store/enqueue-store.ts'
import type { Attempt, Execution } from '../store/execution.ts'
import type { ExecutionFilter, InstanceState, JobFilter, Page, PageRequest } from '../store/read-store.ts'
import type { BulkAction, Settings } from '../store/upkeep-store.ts'
import type { Health } from './health.ts'
import type { JobView, QueueView } from './job-view.ts'
import type { Scoped } from './scoped.ts'
import type { SchedulerEvents } from '../context/scheduler-events.ts'

/** How to enqueue. */
export interface EnqueueOptions {
  /** Not before this instant: a Date or Unix milliseconds. Not together with `delay`. */
  readonly at?: Date | number
  /** Not before this time from now, on the server's clock. */
  readonly delay?: Duration
  /** Idempotency key, at most 255 bytes: the same key of the same job gives the same execution as long as it is kept. */
  readonly key?: string
  /** -100 to 100; default: the job's. */
  readonly priority?: number
  /** For a job whose executions exclude each other: `skip` it when one is open as it falls due. Default `wait`. */
  readonly ifOpen?: 'wait' | 'skip'
  /** Who asks; default: the ambient principal. */
  readonly by?: PrincipalLike
  /** The host's own transaction: the execution exists when it commits, and never if it rolls back. */
  readonly transaction?: unknown
}

/** Who does it. */
export interface ByOptions {
  /** Default: the ambient principal. */
  readonly by?: PrincipalLike
}

/** How to pause. */
export interface PauseOptions extends ByOptions {
  /** Why, for people; at most 1,000 characters. */
  readonly note?: string
  /** When it ends by itself, on the server's clock; default: when someone resumes. */
  readonly until?: Date | number
}

/** One execution with its attempts. */
export interface ExecutionDetail {
  readonly execution: Execution
  /** Oldest first; the running one included. */
  readonly attempts: readonly Attempt[]
}

/**
 * Runs jobs. Made by {@link createScheduler}. Everything but running jobs works without `start()`; every method that
 * changes something is safe to repeat.
 */
export interface Scheduler extends AsyncDisposable {
  /** The clocks, timers and chance that it runs on: the machine's own, or those of a test. */
  readonly runtime: Runtime

  /**
   * Connects the store, registers the jobs and begins to run them. Idempotent.
   *
   * @throws {@link StoreUnavailableError}, {@link StoreIncompatibleError} when the store cannot be used;
   * {@link UnsupportedError} once it was stopped, or when the store cannot do what a job asks for.
   */
  start(): Promise<void>

  /**
   * Resolves once nothing that this instance could take is due, running or unsettled here.
   *
   * @throws {@link WaitTimeoutError} after `timeout` (default 5 min); the work goes on.
   */
  drain(options?: { readonly timeout?: Duration }): Promise<void>

  /**
   * Takes no new work, waits up to `grace` for handlers (default 30 s), aborts those that still run, and gives back,
   * without spending a retry, what has not started or ends after its abort. Idempotent: all callers wait for the same stop.
   */
  stop(options?: { readonly grace?: Duration }): Promise<void>

  /**
   * Asks for one run of a job.
   *
   * @throws {@link UnknownJobError}, {@link InvalidInputError}, {@link InvalidOptionError}: nothing was enqueued.
   */
  enqueue<Input>(job: Job<Input> | string, input?: Input, options?: EnqueueOptions): Promise<EnqueueResult>

  /**
   * Asks for one run per input, at most 10,000; all inputs are checked before any is stored. They are stored 1,000 at a
   * time, each thousand whole or not at all; in a transaction of the host all of them.
   */
  enqueueMany<Input>(
    job: Job<Input> | string,
    inputs: readonly Input[],
    options?: Omit<EnqueueOptions, 'key'>,
  ): Promise<readonly EnqueueResult[]>

  /** Pauses a job: its ticks do not run and are not caught up. Running attempts finish, enqueued runs still run. */
  pause(job: AnyJob | string, options?: PauseOptions): Promise<void>
  /** Ends a pause. Ticks that fell into it stay paused. */
  resume(job: AnyJob | string, options?: ByOptions): Promise<void>
  /** Pauses a queue: nothing of it is claimed. */
  pauseQueue(queue: string, options?: PauseOptions): Promise<void>
  resumeQueue(queue: string, options?: ByOptions): Promise<void>

  /** Cancels an execution on whichever instance it runs. @throws {@link UnknownExecutionError} */
  cancel(executionId: string, options?: ByOptions): Promise<Exclude<CancelResult, 'unknown'>>

  /**
   * Runs a settled execution again, as a new one that replaces it; the end of its chain if it was replaced before.
   *
   * @throws {@link UnknownExecutionError}; {@link UnsupportedError} when it has not settled yet.
   */
  retry(executionId: string, options?: ByOptions): Promise<{ readonly id: string; readonly existing: boolean }>

  /** The settled execution. @throws {@link WaitTimeoutError} after `timeout` (default 5 min), {@link UnknownExecutionError}. */
  wait(
    executionId: string,
    options?: { readonly timeout?: Duration; readonly signal?: AbortSignal },
  ): Promise<Execution>

  jobs(filter?: JobFilter, page?: Partial<PageRequest>): Promise<Scoped<Page<JobView>>>
  queues(): Promise<readonly Scoped<QueueView>[]>
  instances(): Promise<readonly Scoped<InstanceState>[]>
  executions(filter?: ExecutionFilter, page?: Partial<PageRequest>): Promise<Scoped<Page<Execution>>>
  /** Matches counted up to `cap` (default 10,000). */
  countExecutions(filter?: ExecutionFilter, cap?: number): Promise<number>
  /** Null: unknown, purged, or folded into a span. */
  execution(executionId: string): Promise<Scoped<ExecutionDetail> | null>
  stats(query: StatsQuery): Promise<Scoped<JobStats>>

  /** The ledger: every tick of the range and its verdict, past and coming, oldest first; at most `limit` (default 1,000). */
  ticks(
    job: AnyJob | string,
    range: { readonly from: Date | number; readonly to: Date | number; readonly limit?: number },
  ): Promise<readonly Scoped<TickVerdict>[]>

  /** Gives ticks of the past without an execution one; at most 10,000 ticks a call. Answers how many were created. */
  backfill(
    job: AnyJob | string,
    range: {
      readonly from: Date | number
      readonly to: Date | number
      readonly force?: boolean
      readonly by?: PrincipalLike
    },
  ): Promise<number>

  /** Stops planning a job for good, until someone registers it again. @throws {@link UnknownJobError} */
  retire(job: AnyJob | string, options?: ByOptions): Promise<void>

  /** Begins a persisted action over all executions that match the filter now; any instance goes on with it. */
  bulk(kind: BulkAction['kind'], filter: ExecutionFilter, options?: ByOptions): Promise<BulkAction>
  bulkAction(id: string): Promise<BulkAction | null>
  abortBulk(id: string): Promise<BulkAction | null>

  settings(): Promise<Settings>
  /** Changes the retention of executions, in effect at once. */
  setRetention(retention: Duration): Promise<void>

  /** Looks for due work at once; for enqueues in a host transaction on stores that cannot notify. */
  poke(): Promise<void>

  health(): Promise<Scoped<Health>>

  /** Calls `listener` at each event of this instance, until the handle is disposed. */
  on<Type extends keyof SchedulerEvents>(type: Type, listener: (event: SchedulerEvents[Type]) => void): Disposable
}
