import type { JobRevision, JobSpec } from '../job/job-spec.ts'
import type { JobState, PauseWindow } from './job-state.ts'

/** An instance as it announces itself. */
export interface InstanceRegistration {
  /** Unique per process start and per scheduler. */
  readonly id: string
  /** A name for people, such as host and process id. */
  readonly name: string
  readonly version: number | null
  /** Lease length, milliseconds on the server's clock. */
  readonly leaseMs: number
}

/** A job that an instance registers. */
export interface RegisteredJob {
  readonly spec: JobSpec
  readonly hash: string
  readonly version: number | null
  /** Whether the instance has a handler and accepts the job; false: it only knows the definition. */
  readonly hasHandler: boolean
}

/** A job's stored state together with what live instances say of it. */
export interface JobStateForRegistration {
  /** Null: never registered. */
  readonly state: JobState | null
  /** Hashes of this job that were ever current. */
  readonly knownHashes: readonly string[]
  /** Hashes that live instances other than the asking one have a handler for. */
  readonly liveHashes: readonly string[]
}

/**
 * A change of a job's definition. Applied only while the job is still as `expected` says (compare and set), so that
 * two instances that register at once cannot both decide.
 */
export interface DefinitionChange {
  readonly job: RegisteredJob
  /** The current revision and cursor that the decision was made on; null: the job did not exist. */
  readonly expected: { readonly revision: number; readonly plannedUntil: number } | null
  /**
   * Where the new revision begins (exclusive); becomes the cursor where it is greater. The old revision must have been
   * planned up to here by `plan` before.
   */
  readonly effectiveFrom: number
  /** First tick of the new schedule after `effectiveFrom`; null: none. */
  readonly nextTickAt: number | null
}

/** Limits of a queue that hold across the cluster. */
export interface QueueRegistration {
  readonly name: string
  /** How many executions of the queue may run at once across the cluster; null: no limit; `keep`: as it is, none if new. */
  readonly clusterLimit: number | null | 'keep'
}

/** What the store knows of one queue. */
export interface QueueState {
  readonly name: string
  readonly clusterLimit: number | null
  /** Pauses that may still matter for ticks without a verdict, oldest first. */
  readonly pauses: readonly PauseWindow[]
}

/** Definitions, instances, pauses: what exists and who can run it. */
export interface DefinitionStore {
  /**
   * Records a live instance; the same id again renews its lease and changes nothing else.
   *
   * @returns The server's time and whether the id is alive: a dead id can never be used again.
   */
  registerInstance(namespace: string, instance: InstanceRegistration): Promise<{ now: number; isAlive: boolean }>

  /** Records queues and their limits; queues that are not named stay as they are. */
  registerQueues(namespace: string, queues: readonly QueueRegistration[]): Promise<void>

  /** States of up to 500 jobs by name, in the order asked. `instance`: the asking one, left out of `liveHashes`. */
  statesForRegistration(
    namespace: string,
    jobs: readonly string[],
    instance: string | null,
  ): Promise<readonly JobStateForRegistration[]>

  /**
   * Applies up to 500 changes, each by compare and set. A change whose `expected` is null inserts the job with the
   * cursor `effectiveFrom`. Another hash than the current one ends the current revision and adds one; rows of the job
   * that wait move to the new spec's queue. A retired or absent job becomes active again.
   *
   * @returns One entry per change: `conflict` when the job is no longer as expected; nothing of that change is applied.
   */
  changeDefinitions(
    namespace: string,
    changes: readonly DefinitionChange[],
  ): Promise<readonly ('applied' | 'conflict')[]>

  /**
   * How many definitions were ever superseded in the namespace: it grows whenever a job gets another revision than its
   * first, so that an instance need not look at its jobs to know that nothing has changed. Costs the same however many
   * jobs and instances there are.
   */
  supersessions(namespace: string): Promise<number>

  /**
   * Records which jobs (name and hash) the instance has handlers for, up to 500 a call; they add up. A named job that
   * was marked absent is no longer.
   */
  announceHandlers(
    namespace: string,
    instance: string,
    handlers: readonly { readonly job: string; readonly hash: string }[],
  ): Promise<void>

  /** Marks jobs for which no live instance has a handler, so that the planner leaves them alone; answers those marked. */
  markAbsent(namespace: string, jobs: readonly string[]): Promise<readonly string[]>

  /** Retires a job: its current revision ends at the server's time, nothing is planned any more. False: unknown or retired. */
  retire(namespace: string, job: string): Promise<boolean>

  /**
   * Replaces the pauses of a job (`kind: 'job'`) or queue while they still equal `expected`. Once it resolves, no tick
   * and no retry of a tick of that job, or nothing of that queue, is claimed anywhere while a window is open; a tick in a
   * window of its job or queue becomes a `paused` span whenever it is judged.
   *
   * @returns False when they have changed meanwhile: read and decide again.
   */
  setPauses(
    namespace: string,
    target: { readonly kind: 'job' | 'queue'; readonly name: string },
    expected: readonly PauseWindow[],
    pauses: readonly PauseWindow[],
  ): Promise<boolean>

  /** The named jobs' states; unknown names are left out. */
  jobStates(namespace: string, jobs: readonly string[]): Promise<readonly JobState[]>

  /** All queues that were ever registered or used. */
  queueStates(namespace: string): Promise<readonly QueueState[]>

  /** The revisions of a job that were in force at any moment of [from, to], oldest first. */
  revisions(namespace: string, job: string, from: number, to: number): Promise<readonly JobRevision[]>
}
