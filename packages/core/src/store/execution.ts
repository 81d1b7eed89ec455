/** The state of an execution as readers see it. The last five are terminal and never change. */
export type ExecutionStatus = 'scheduled' | 'running' | 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'skipped'

/** Where an execution comes from. */
export type ExecutionOrigin = 'tick' | 'enqueued' | 'event' | 'backfill' | 'retry'

/** How one attempt ended. `interrupted`: its instance died or stopped, or its lease was lost. */
export type AttemptOutcome = 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'interrupted'

/** Why an execution has its status, where the status alone does not say. */
export type ExecutionReason =
  | 'crashed' // its process died too often
  | 'interrupted' // its process died and the job may not run twice
  | 'expired' // it waited longer than startWithin
  | 'open' // another execution of the job was open and it was to be skipped then
  | 'superseded-by-tick' // its retry was given up because the next tick fell due
  | 'non-retryable' // the handler said that a retry is pointless
  | 'exhausted' // all retries were spent
  | 'abandoned' // its handler never came back
  | 'unstorable' // the store refused what its attempt left behind

/** Why a scheduled execution has not started; computed on read. */
export type WaitingFor = 'time' | 'slot' | 'overlap' | 'retry' | 'pause' | 'handler'

/** An error as stored: redacted and bounded. */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly cause?: ErrorRecord
}

/** One line of an execution's log. */
export interface LogLine {
  /** Unix milliseconds, server clock. */
  readonly at: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** JSON text, redacted. */
  readonly fields?: string
}

/** The ticks that a misfire `once` execution stands for. Instants in Unix milliseconds. */
export interface Missed {
  readonly count: number
  readonly from: number
  readonly to: number
}

/** One execution as readers see it. Instants in Unix milliseconds, server clock; null: not yet, or never. */
export interface Execution {
  readonly id: string
  readonly job: string
  readonly revision: number
  readonly origin: ExecutionOrigin
  readonly status: ExecutionStatus
  readonly reason: ExecutionReason | null
  readonly waitingFor: WaitingFor | null
  readonly queue: string
  readonly priority: number
  /** The nominal time of the tick, or when the run was asked for. */
  readonly scheduledFor: number
  /** From when it may be claimed: `scheduledFor`, its delay, or its next retry. */
  readonly dueAt: number
  readonly createdAt: number
  readonly claimedAt: number | null
  /** Start of the latest attempt. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  /** The instance that holds or last held it. */
  readonly instance: string | null
  /** The latest attempt's number; 0 before the first. */
  readonly attempt: number
  readonly retries: number
  readonly interruptions: number
  readonly fence: bigint
  readonly missed: Missed | null
  /** JSON text, redacted for display. */
  readonly input: string | null
  /** JSON text, redacted. */
  readonly output: string | null
  readonly error: ErrorRecord | null
  /** 0 to 100, or null when the handler reported none. */
  readonly progress: number | null
  readonly key: string | null
  readonly concurrencyKey: string | null
  /** The principal who asked for it, in text form. */
  readonly createdBy: string | null
  readonly cancelRequestedAt: number | null
  readonly cancelRequestedBy: string | null
  readonly abandonedAt: number | null
  /** The execution that this one retries by hand. */
  readonly replaces: string | null
  /** The execution that retries this one. */
  readonly replacedBy: string | null
  readonly traceparent: string | null
}

/** One attempt as readers see it; the running one included. */
export interface Attempt {
  readonly number: number
  readonly instance: string
  readonly fence: bigint
  readonly claimedAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  /** Null while it runs. */
  readonly outcome: AttemptOutcome | null
  readonly error: ErrorRecord | null
  readonly log: readonly LogLine[]
}
