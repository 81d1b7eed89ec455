import type { Attempt, AttemptOutcome } from '../store/execution.ts'
import type { Settlement, SettleResult, SettleStore } from '../store/settle-store.ts'
import { finish } from './ending.ts'
import { type ExecutionRow, isHeld, visibleStatus } from './execution-row.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { place, withdraw } from './placement.ts'

/** From ended attempts to verdicts. */
export const settling: MemoryRole<SettleStore> = (at) => ({
  async settle(namespace, settlements) {
    const { tables, now } = at(namespace)
    const results = settlements.map((settlement) => settleOne(tables, settlement, now))
    tables.hint()
    return results
  },

  async reportProgress(namespace, reports) {
    const { tables } = at(namespace)
    for (const { executionId, fence, progress } of reports) {
      const row = tables.executions.get(executionId)
      if (row !== undefined && isHeld(row) && row.fence === fence) row.progress = progress
    }
  },
})

function settleOne(tables: MemoryTables, given: Settlement, now: number): SettleResult {
  const { executionId } = given
  const row = tables.executions.get(executionId)
  if (row === undefined) {
    const status = tables.settled.recall(executionId, given.fence)
    return { executionId, result: status === null ? 'stale' : 'repeated', status }
  }
  const isRecorded = row.attempts.some((attempt) => isOfOne(attempt, given))
  const endsAbandoned =
    isRecorded && row.fence === given.fence && row.abandonedAt !== null && given.abandonedAt === null
  if (isRecorded && !(endsAbandoned && isHeld(row)))
    return { executionId, result: 'repeated', status: visibleStatus(row) }
  if (!isHeld(row) || row.fence !== given.fence) return { executionId, result: 'stale', status: null }

  if (!isRecorded) endAttempt(tables, row, given)
  if (given.spends !== 'nothing') spend(tables, row, given.spends, given.finishedAt)
  row.output = given.output
  row.error = given.error
  if (given.progress !== null) row.progress = given.progress
  if (given.abandonedAt !== null) abandon(tables, row, given.abandonedAt, now)
  else become(tables, row, given, now)
  return { executionId, result: 'settled', status: visibleStatus(row) }
}

/** Whether a recorded attempt came of this settlement. One that recovery ended as interrupted did not. */
function isOfOne({ number, fence, outcome }: Attempt, given: Settlement): boolean {
  const isSame = number === given.attempt && fence === given.fence
  return isSame && (outcome !== 'interrupted' || given.outcome === 'interrupted')
}

function endAttempt(tables: MemoryTables, row: ExecutionRow, given: Settlement): void {
  const { startedAt, finishedAt } = given
  row.startedAt = startedAt
  recordAttempt(row, given.outcome, given)
  tables.statistics.measure(row.job, finishedAt, finishedAt - startedAt, Math.max(0, startedAt - row.dueAt))
}

function abandon(tables: MemoryTables, row: ExecutionRow, abandonedAt: number, now: number): void {
  withdraw(tables, row)
  row.status = 'running'
  row.abandonedAt = abandonedAt
  place(tables, row, now)
}

function become(tables: MemoryTables, row: ExecutionRow, given: Settlement, now: number): void {
  const { status, reason, finishedAt, history } = given
  if (status === 'running') return
  if (status !== 'scheduled') {
    finish(tables, row, { status, reason, finishedAt }, history)
  } else if (row.cancelRequestedAt !== null) {
    finish(tables, row, { status: 'cancelled', reason: null, finishedAt }, history)
  } else {
    awaitNextAttempt(tables, row, given.dueAt ?? row.dueAt, now)
  }
}

/** Puts a started execution back in line for another attempt; it stays open. */
export function awaitNextAttempt(tables: MemoryTables, row: ExecutionRow, dueAt: number, now: number): void {
  withdraw(tables, row)
  row.status = 'scheduled'
  row.dueAt = dueAt
  row.claimedAt = null
  row.abandonedAt = null
  place(tables, row, now)
}

/** Counts what an attempt has spent. */
export function spend(tables: MemoryTables, row: ExecutionRow, what: 'retry' | 'interruption', at: number): void {
  if (what === 'retry') row.retries++
  else row.interruptions++
  tables.statistics.count(row.job, at, what === 'retry' ? 'retries' : 'interruptions')
}

/** Adds the attempt that has just ended. */
export function recordAttempt(
  row: ExecutionRow,
  outcome: AttemptOutcome,
  { finishedAt, error, log }: Pick<Settlement, 'finishedAt' | 'error' | 'log'>,
): void {
  row.attempts = [
    ...row.attempts,
    {
      number: row.attempt,
      instance: row.instance ?? '',
      fence: row.fence,
      claimedAt: row.claimedAt ?? 0,
      startedAt: row.startedAt,
      finishedAt,
      outcome,
      error,
      log,
    },
  ]
}
