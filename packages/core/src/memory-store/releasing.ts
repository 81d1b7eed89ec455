import { afterInterruption } from '../policy/interruption.ts'
import type { Recovered } from '../store/upkeep-store.ts'
import { finish } from './ending.ts'
import { type ExecutionRow, isLedgerTick } from './execution-row.ts'
import { nextFence } from './fence-table.ts'
import type { MemoryTables } from './memory-tables.ts'
import { place, removeRow, withdraw } from './placement.ts'
import { awaitNextAttempt, recordAttempt, spend } from './settling.ts'

/**
 * Gives back an execution that was claimed and never started, as if it had not been; its fence tells its owner. What is to
 * be cancelled ends instead; a tick whose time has not come has no verdict, and goes when its job was retired before it.
 */
export function releaseRow(tables: MemoryTables, row: ExecutionRow, now: number): void {
  const last = row.attempts.at(-1)
  withdraw(tables, row)
  row.status = 'scheduled'
  row.attempt--
  row.instance = last?.instance ?? null
  row.claimedAt = null
  row.startedAt = last?.startedAt ?? null
  row.fence = nextFence(row.fence, now)
  const isTickToCome = isLedgerTick(row) && row.isPunctual && row.attempt === 0 && row.dueAt > now
  if (isTickToCome) row.isJudged = false
  place(tables, row, now)
  if (row.cancelRequestedAt !== null) finish(tables, row, { status: 'cancelled', reason: null, finishedAt: now })
  else if (isTickToCome && (tables.job(row.job).state?.retiredAt ?? null) !== null) removeRow(tables, row)
}

/** Takes an execution from an owner that is gone, or no longer knows of it (rules 14, 17 and 18). */
export function interruptRow(
  tables: MemoryTables,
  row: ExecutionRow,
  now: number,
): Pick<Recovered, 'status' | 'wasStarted'> {
  const spec = tables.job(row.job).specOf(row.revision)
  const wasStarted = row.status === 'running' && (row.startedAt ?? 0) <= now
  const isAbandoned = row.abandonedAt !== null
  const { status, reason, spends } = afterInterruption({
    onInterrupt: spec?.onInterrupt ?? 'retry',
    retryLimit: spec?.retry.limit ?? 0,
    wasStarted,
    interruptions: row.interruptions,
    retries: row.retries,
    isCancelRequested: row.cancelRequestedAt !== null,
    isAbandoned,
  })
  if (!wasStarted) {
    releaseRow(tables, row, now)
    return { status, wasStarted }
  }
  if (!isAbandoned) recordAttempt(row, 'interrupted', { finishedAt: now, error: null, log: [] })
  if (spends !== 'nothing') spend(tables, row, spends, now)
  row.fence = nextFence(row.fence, now)
  if (status === 'scheduled') awaitNextAttempt(tables, row, row.dueAt, now)
  else finish(tables, row, { status, reason, finishedAt: now })
  return { status, wasStarted }
}
