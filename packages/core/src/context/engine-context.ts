import type { Emitter, Logger, Principal, Runtime, TimerQueue } from '@escapement/base'
import type { AnyJob } from '../job/job.ts'
import type { JobSpec } from '../job/job-spec.ts'
import type { Redactor } from '../redact/redactor.ts'
import type { JobStore } from '../store/job-store.ts'
import type { SchedulerEvents } from './scheduler-events.ts'
import type { ResolvedSchedulerOptions } from './scheduler-options.ts'
import type { ServerClock } from './server-clock.ts'

/** A job whose code is in this process. */
export interface LocalJob {
  readonly job: AnyJob
  readonly spec: JobSpec
  readonly hash: string
  /** Whether this instance runs it: it has the role and accepts the job. */
  readonly isAccepted: boolean
  readonly redactor: Redactor
  /** On whose behalf its handlers run. */
  readonly principal: Principal
}

/** What all parts of one scheduler share. */
export interface EngineContext {
  readonly options: ResolvedSchedulerOptions
  readonly runtime: Runtime
  readonly timers: TimerQueue
  readonly store: JobStore
  readonly namespace: string
  readonly clock: ServerClock
  readonly events: Emitter<SchedulerEvents>
  readonly logger: Logger
  readonly jobs: ReadonlyMap<string, LocalJob>
  /** Records a failure that no caller waits for. */
  report(error: unknown, during: string): void
}
