import type { JobRevision } from '../job/job-spec.ts'

/** One pause of a job or queue. Instants in Unix milliseconds, server clock. */
export interface PauseWindow {
  /** Ticks at or after this instant are paused. */
  readonly from: number
  /** Ticks at or after this instant are not; null while nobody has said when it ends. */
  readonly until: number | null
  /** Who paused, in text form. */
  readonly by: string | null
  readonly note: string | null
}

/** What the store knows of one job. */
export interface JobState {
  readonly name: string
  readonly current: JobRevision
  /** Everything at or before this instant has been planned; never lowered. Unix milliseconds. */
  readonly plannedUntil: number
  /** The first tick after `plannedUntil`; null when there is none. */
  readonly nextTickAt: number | null
  /** When it was first registered: older ticks do not exist. Unix milliseconds. */
  readonly firstRegisteredAt: number
  /** Pauses that may still matter for ticks without a verdict, oldest first. */
  readonly pauses: readonly PauseWindow[]
  /** Since when no live instance has had a handler for it, as far as was noticed; null while one has. */
  readonly absentSince: number | null
  /** When it was retired; null while it is planned. */
  readonly retiredAt: number | null
}

/** Whether `instant` lies in a pause. */
export function isPausedAt(pauses: readonly PauseWindow[], instant: number): boolean {
  return pauses.some((pause) => instant >= pause.from && (pause.until === null || instant < pause.until))
}
