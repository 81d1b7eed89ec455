import type { ExecutionRow } from './execution-row.ts'
import { nextFence } from './fence-table.ts'
import type { MemoryTables } from './memory-tables.ts'
import { place, withdraw } from './placement.ts'

/** Gives back an execution that was claimed and never started, as if it had not been; its fence tells its owner. */
export function releaseRow(tables: MemoryTables, row: ExecutionRow, now: number): void {
  withdraw(tables, row)
  row.status = 'scheduled'
  row.attempt--
  row.instance = row.attempts.at(-1)?.instance ?? null
  row.claimedAt = null
  row.startedAt = row.attempts.at(-1)?.startedAt ?? null
  row.fence = nextFence(row.fence, now)
  place(tables, row, now)
}
