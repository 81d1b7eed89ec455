import type { JobRow, RevisionRow } from '../../job/job-row.ts'
import { readNumbers } from '../read-numbers.ts'

/** The columns of a job `j` beside its current revision `r`, as {@link jobRowOf} reads them. */
export const JOB_COLUMNS = `j.name, j.revision, r.hash, r.spec, r.version, r.effective_from, r.effective_until,
  j.planned_until, j.next_tick_at, j.first_registered_at, j.pauses, j.absent_since, j.retired_at`

/** Joins the current revision `r` to a job `j`. */
export const CURRENT_REVISION = 'r.namespace = j.namespace AND r.job = j.name AND r.revision = j.revision'

/** The columns of a revision, as {@link revisionRowOf} reads them. */
export const REVISION_COLUMNS = 'job, revision, hash, spec, version, effective_from, effective_until'

const REVISION_NUMBERS = ['revision', 'version', 'effective_from', 'effective_until'] as const
const JOB_NUMBERS = [
  ...REVISION_NUMBERS,
  'planned_until',
  'next_tick_at',
  'first_registered_at',
  'absent_since',
  'retired_at',
] as const

/** A row of {@link JOB_COLUMNS}. */
export function jobRowOf(row: object): JobRow {
  return readNumbers<JobRow>(row, JOB_NUMBERS)
}

/** A row of {@link REVISION_COLUMNS}. */
export function revisionRowOf(row: object): RevisionRow {
  return readNumbers<RevisionRow>(row, REVISION_NUMBERS)
}
