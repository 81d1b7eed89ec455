import type { ClaimedExecution } from '@escapement/core'
import { type ClaimedRow, claimedOf } from '../../claiming/claimed-row.ts'
import { readNumbers } from '../read-numbers.ts'
import type { ServerContext } from '../server-context.ts'

/** What is the same for all rows that a fast claim takes. */
export type FastClaimedOf = Pick<ClaimedRow, 'queue' | 'priority' | 'claimed_at'>

/** A row that was taken: what is not the same for all. */
type FastClaimedRow = Omit<ClaimedRow, keyof FastClaimedOf | 'is_exclusive' | 'concurrency_key' | 'concurrency_limit'>

const NUMBERS = [
  'seq',
  'revision',
  'scheduled_for',
  'due_at',
  'started_at',
  'attempt',
  'retries',
  'interruptions',
  'fence',
  'is_tick',
] as const satisfies readonly (keyof FastClaimedRow)[]

/** The columns of an unsettled execution `x`, as {@link fastClaimed} reads them. */
export function fastClaimedColumns({ tables: t }: ServerContext): string {
  return `x.seq, x.id, x.job, x.revision, x.scheduled_for, x.due_at, x.started_at, x.attempt, x.retries, x.interruptions,
    x.fence, (SELECT e.input FROM ${t.executions} AS e WHERE e.seq = x.seq) AS input, x.missed, x.is_tick, x.created_by,
    x.traceparent`
}

/** Rows of {@link fastClaimedColumns} as the instance gets them, longest due first; none is exclusive or has a key. */
export function fastClaimed(rows: readonly object[], same: FastClaimedOf): readonly ClaimedExecution[] {
  const common = { ...same, is_exclusive: 0, concurrency_key: '', concurrency_limit: null }
  return rows
    .map((row) => readNumbers<FastClaimedRow>(row, NUMBERS))
    .toSorted((a, b) => a.due_at - b.due_at || a.seq - b.seq)
    .map((row) => claimedOf({ ...row, ...common }, null))
}
