import type { StorePlace } from '../harness/store-place.ts'

/** What one process plans. */
export interface PlanningSetting {
  readonly place: StorePlace
  /** Jobs that are due once a day, none of them while this is measured. */
  readonly dailyJobs: number
  /** Jobs that are due each second and do nothing. */
  readonly busyJobs: number
  readonly seconds: number
  /** Whether it only plans; else it does all that a scheduler does. */
  readonly onlyPlans: boolean
}

/** What it cost. */
export interface PlanningCost {
  /** From `start()` until all jobs are registered. */
  readonly registeredMs: number
  /** Processor time of all threads in the watched time, milliseconds. */
  readonly cpuMs: number
  readonly watchedMs: number
  /** SQL statements in the watched time, those that open and end transactions among them. */
  readonly statements: number
  /** Looks at the file for other processes' writes; see `StatementCounts`. */
  readonly looks: number
  /** Ticks planned in the watched time. */
  readonly ticks: number
}
