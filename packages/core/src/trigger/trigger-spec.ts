import type { DstPolicy } from '../cron/dst-policy.ts'

/** Bounds and exceptions that every recurring trigger may carry, compared before the spread. Instants in Unix milliseconds. */
interface RecurringBounds {
  /** No tick before this instant. */
  readonly from?: number
  /** No tick after this instant. */
  readonly until?: number
  /** Instants on which it does not fire. */
  readonly except?: readonly number[]
  /** Each tick moves by a fixed offset in [0, spreadMs) drawn from the job's name, so that jobs do not crowd. */
  readonly spreadMs?: number
}

/** A cron pattern in an IANA time zone. */
export interface CronSpec extends RecurringBounds {
  readonly kind: 'cron'
  /** Without `H`: what the job's name draws stands in its place. */
  readonly pattern: string
  readonly timezone: string
  /** What was chosen for times that the wall clock leaves out or shows twice; what is absent follows from the pattern. */
  readonly dst?: Partial<DstPolicy>
}

/** A fixed interval counted from an anchor, so that restarts and instances agree. */
export interface EverySpec extends RecurringBounds {
  readonly kind: 'every'
  readonly everyMs: number
  /** Unix milliseconds; the epoch unless the host says otherwise. */
  readonly anchor: number
}

/** Given instants, in rising order. */
export interface AtSpec {
  readonly kind: 'at'
  readonly instants: readonly number[]
}

/** What makes a job due, as stored in its definition. */
export type TriggerSpec = CronSpec | EverySpec | AtSpec
