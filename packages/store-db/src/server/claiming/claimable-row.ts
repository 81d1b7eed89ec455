import type { EndingRow } from '../../settle/ending-row.ts'
import type { Candidate } from '../../claiming/candidate.ts'
import type { ClaimedRow } from '../../claiming/claimed-row.ts'
import { ENDING_NUMBERS, endingColumns } from '../ending/ending-columns.ts'
import { readNumbers } from '../read-numbers.ts'
import type { ServerContext } from '../server-context.ts'
import type { ServerSql } from '../server-sql.ts'

/** All that a pass has to know of a row to judge, take or end it. */
export interface ClaimableRow extends EndingRow, Candidate, Omit<ClaimedRow, 'claimed_at' | 'seq' | 'job'> {
  readonly expires_at: number | null
  readonly claimed_at: number | null
}

const NUMBERS = [
  ...ENDING_NUMBERS,
  'priority',
  'due_at',
  'expires_at',
  'retries',
  'interruptions',
  'claimed_at',
  'started_at',
  'is_tick',
  'is_exclusive',
  'was_interrupted',
  'concurrency_limit',
] as const

/** The columns of an unsettled execution `x`, as {@link ClaimableRow} has them. */
export function claimableColumns({ tables: t, sql }: ServerContext): string {
  return `${endingColumns(sql)}, x.queue, x.priority, x.due_at, x.expires_at, x.retries, x.interruptions, x.claimed_at,
    x.started_at, (SELECT e.input FROM ${t.executions} AS e WHERE e.seq = x.seq) AS input, x.missed, x.is_tick, x.is_exclusive, x.was_interrupted,
    ${sql.keyText('x.concurrency_key')} AS concurrency_key, x.concurrency_limit, x.created_by, x.traceparent`
}

/** A row of {@link claimableColumns}. */
export function claimableRowOf(row: object): ClaimableRow {
  return readNumbers<ClaimableRow>(row, NUMBERS)
}

const CANDIDATE_NUMBERS = [
  'seq',
  'priority',
  'due_at',
  'is_tick',
  'is_exclusive',
  'concurrency_limit',
  'was_interrupted',
] as const

/** The columns of an unsettled execution `x`, as a `Candidate` has them; the index `due` holds them all. */
export function candidateColumns(sql: ServerSql): string {
  return `x.seq, x.job, x.queue, x.priority, x.due_at, x.is_tick, x.is_exclusive,
    ${sql.keyText('x.concurrency_key')} AS concurrency_key, x.concurrency_limit, x.was_interrupted`
}

/** A row of {@link candidateColumns}. */
export function candidateOf(row: object): Candidate {
  return readNumbers<Candidate>(row, CANDIDATE_NUMBERS)
}
