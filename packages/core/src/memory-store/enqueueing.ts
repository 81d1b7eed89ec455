import { UnsupportedError } from '../error/unsupported-error.ts'
import type { EnqueueResult, EnqueueStore, RetryResult } from '../store/enqueue-store.ts'
import type { NewExecution } from '../store/plan-store.ts'
import { finish } from './ending.ts'
import { type ExecutionRow, isHeld, isTerminal, visibleStatus } from './execution-row.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { newRow } from './new-row.ts'
import { insertRow } from './placement.ts'

/** What people and programs ask for. */
export const enqueueing: MemoryRole<EnqueueStore> = (at) => ({
  async enqueue(namespace, executions, transaction) {
    if (transaction !== undefined) {
      throw new UnsupportedError(
        'The memory store cannot join a transaction: enqueue without `transaction`, or use a database store',
      )
    }
    const { tables, now } = at(namespace)
    const results = executions.map((execution) => enqueueOne(tables, execution, now))
    tables.hint()
    return results
  },

  async cancel(namespace, executionId, by) {
    const { tables, now } = at(namespace)
    const row = tables.executions.get(executionId)
    if (row === undefined) return 'unknown'
    if (isTerminal(row)) return 'already-ended'
    if (row.cancelRequestedAt === null) {
      row.cancelRequestedAt = now
      row.cancelRequestedBy = by
    }
    const isClaimed = isHeld(row)
    if (!isClaimed) finish(tables, row, { status: 'cancelled', reason: null, finishedAt: now })
    tables.hint()
    return isClaimed ? 'requested' : 'cancelled'
  },

  async retry(namespace, executionId, newId, by) {
    const { tables, now } = at(namespace)
    const result = retryOne(tables, executionId, newId, by, now)
    tables.hint()
    return result
  },
})

function enqueueOne(tables: MemoryTables, given: NewExecution, now: number): EnqueueResult {
  const job = tables.job(given.job)
  const known =
    tables.executions.get(given.id) ?? (given.dedupeKey === null ? undefined : job.byDedupeKey.get(given.dedupeKey))
  if (known !== undefined) return { id: known.id, status: visibleStatus(known), existing: true }
  const row = newRow(given, now)
  insertRow(tables, row, now)
  if (row.ifOpen === 'skip' && row.isExclusive && row.dueAt <= now && job.open.size > 0) {
    finish(tables, row, { status: 'skipped', reason: 'open', finishedAt: now })
  }
  return { id: row.id, status: visibleStatus(row), existing: false }
}

function retryOne(
  tables: MemoryTables,
  executionId: string,
  newId: string,
  by: string | null,
  now: number,
): RetryResult {
  const asked = tables.executions.get(executionId)
  if (asked === undefined) return { result: 'unknown' }
  if (tables.executions.has(newId)) return { result: 'existing', id: newId }
  const row = endOfChain(tables, asked)
  if (!isTerminal(row)) {
    return row === asked
      ? { result: 'not-ended', id: row.id, status: visibleStatus(row) }
      : { result: 'existing', id: row.id }
  }
  insertRow(tables, replacementOf(tables, row, newId, by, now), now)
  row.replacedBy = newId
  return { result: 'created', id: newId }
}

function endOfChain(tables: MemoryTables, asked: ExecutionRow): ExecutionRow {
  let end = asked
  for (let next = after(tables, end); next !== undefined; next = after(tables, end)) end = next
  return end
}

function after(tables: MemoryTables, row: ExecutionRow): ExecutionRow | undefined {
  return row.replacedBy === null ? undefined : tables.executions.get(row.replacedBy)
}

function replacementOf(
  tables: MemoryTables,
  row: ExecutionRow,
  id: string,
  by: string | null,
  now: number,
): ExecutionRow {
  const current = tables.job(row.job).state?.current
  const fresh = newRow(
    {
      id,
      job: row.job,
      revision: current?.revision ?? row.revision,
      origin: 'retry',
      dedupeKey: `replaces:${row.id}`,
      queue: current?.spec.queue ?? row.queue,
      priority: row.priority,
      scheduledFor: row.scheduledFor,
      dueAt: now,
      delayMs: 0,
      startWithinMs: row.startWithinMs,
      input: row.input,
      concurrencyKey: row.concurrencyKey,
      concurrencyLimit: row.concurrencyLimit,
      isExclusive: row.isExclusive,
      ifOpen: 'wait',
      missed: row.missed,
      isJudged: true,
      createdBy: by,
      traceparent: row.traceparent,
    },
    now,
  )
  return { ...fresh, isTick: row.isTick, replaces: row.id }
}
