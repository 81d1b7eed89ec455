import type { TriggerSpec } from '../trigger/trigger-spec.ts'

/** What happens to a punctual tick that falls due while an execution of the job is open or waits its turn. */
export type OverlapPolicy = 'skip' | 'queue-one' | 'queue-all' | 'cancel-running' | 'allow'

/** What happens to ticks that nobody could start on time: none runs, the latest runs for all, or all run. */
export type MisfirePolicy = 'skip' | 'once' | 'all'

/** Which settled executions stay as rows; ticks that do not are folded into spans. */
export type HistoryPolicy = 'all' | 'failures' | 'none' | { readonly keep: number }

/** How long to wait before a retry. Milliseconds. */
export type BackoffSpec =
  | { readonly kind: 'fixed'; readonly delayMs: number; readonly jitter: JitterKind }
  | {
      readonly kind: 'exponential'
      readonly baseMs: number
      readonly factor: number
      readonly maxMs: number
      readonly jitter: JitterKind
    }

/** `none`: the delay itself; `equal`: half fixed, half drawn; `full`: drawn from zero to the delay. */
export type JitterKind = 'none' | 'equal' | 'full'

/**
 * A job as it is stored: everything about it but its code. Plans are made from here, never from the planner's own
 * code, so that instances of two versions agree. Its canonical JSON gives the revision's hash.
 */
export interface JobSpec {
  readonly name: string
  /** Empty for a job that only runs when enqueued. */
  readonly triggers: readonly TriggerSpec[]
  readonly queue: string
  /** -100 to 100; higher starts first. */
  readonly priority: number
  readonly labels: readonly string[]
  readonly overlap: OverlapPolicy
  readonly misfire: {
    readonly policy: MisfirePolicy
    /** Older missed ticks than this are never caught up. Milliseconds. */
    readonly withinMs: number
    /** How many missed ticks `all` runs at most: the latest ones. */
    readonly max: number
  }
  readonly retry: {
    /** Retries after the first attempt: `3` means up to four attempts. */
    readonly limit: number
    readonly backoff: BackoffSpec
    /** `next-tick`: a pending retry is given up when the next tick falls due. */
    readonly until: 'exhausted' | 'next-tick'
  }
  /** Limit of one attempt in milliseconds; null: none. */
  readonly timeoutMs: number | null
  /** How long a handler may take to end after its abort signal. Milliseconds. */
  readonly graceMs: number
  /** An execution that waited longer than this is not started any more. Milliseconds; null: it waits for ever. */
  readonly startWithinMs: number | null
  /** `fail`: an attempt whose instance died is never repeated (at most once). */
  readonly onInterrupt: 'retry' | 'fail'
  /** After the grace period an abandoned attempt holds its execution open this long. Milliseconds. */
  readonly abandonAfterMs: number
  readonly history: HistoryPolicy
  /** How many executions of one concurrency key may run at once across the cluster; null: no limit. */
  readonly concurrencyLimit: number | null
  /** The concurrency key of ticks, derived from `tickInput`; null without one. */
  readonly tickConcurrencyKey: string | null
  /** JSON text of the input that ticks carry; null: none. */
  readonly tickInput: string | null
  /** JSON Schema of the input, when its schema can say so; null otherwise. */
  readonly inputSchema: object | null
  /** Paths whose values are hidden in what is stored of input, output, log and error. */
  readonly redact: readonly string[]
  /** Whether this is a job of Escapement itself. */
  readonly isSystem: boolean
}

/** One immutable revision of a job's definition. */
export interface JobRevision {
  readonly job: string
  /** 1 for the first; grows by one whenever another definition takes effect. */
  readonly revision: number
  /** SHA-256 of the canonical JSON of `spec`, in hex. */
  readonly hash: string
  readonly spec: JobSpec
  /** The host's own version number of the code that registered it; null when it gave none. */
  readonly version: number | null
  /** From when (exclusive) its schedule is in force. Unix milliseconds, server clock. */
  readonly effectiveFrom: number
  /** Until when (inclusive) its schedule was in force; null while it is current. */
  readonly effectiveUntil: number | null
}
