import type { JobRevision, JobSpec, JobState } from '@escapement/core'
import { parsePauses } from './pause-text.ts'

/** A revision as stored. */
export interface RevisionRow {
  readonly job: string
  readonly revision: number
  readonly hash: string
  readonly spec: string
  readonly version: number | null
  readonly effective_from: number
  readonly effective_until: number | null
}

/** A job joined with its current revision. */
export interface JobRow extends Omit<RevisionRow, 'job'> {
  readonly name: string
  readonly planned_until: number
  readonly next_tick_at: number | null
  readonly first_registered_at: number
  readonly pauses: string
  readonly absent_since: number | null
  readonly retired_at: number | null
}

/** A row as a {@link JobRevision}. */
export function revisionOf(row: RevisionRow): JobRevision {
  return {
    job: row.job,
    revision: row.revision,
    hash: row.hash,
    spec: JSON.parse(row.spec) as JobSpec,
    version: row.version,
    effectiveFrom: row.effective_from,
    effectiveUntil: row.effective_until,
  }
}

/** A row as a {@link JobState}. */
export function jobStateOf(row: JobRow): JobState {
  return {
    name: row.name,
    current: revisionOf({ ...row, job: row.name }),
    plannedUntil: row.planned_until,
    nextTickAt: row.next_tick_at,
    firstRegisteredAt: row.first_registered_at,
    pauses: parsePauses(row.pauses),
    absentSince: row.absent_since,
    retiredAt: row.retired_at,
  }
}
