import type { IndexedHeap } from './indexed-heap.ts'
import { type ExecutionRow, isHeld, isLedgerTick } from './execution-row.ts'
import { HeldCount } from './instance-row.ts'
import type { MemoryTables } from './memory-tables.ts'

/*
 * A row stands in the indexes that its state says. Whoever changes a row's state, queue, owner or due time takes it out
 * with `withdraw` before and puts it back with `place` after.
 */

/** Adds a new row. */
export function insertRow(tables: MemoryTables, row: ExecutionRow, now: number): void {
  tables.executions.set(row.id, row)
  tables.ordered.add(row)
  tables.job(row.job).executions.add(row)
  if (row.dedupeKey !== null) tables.job(row.job).byDedupeKey.set(row.dedupeKey, row)
  place(tables, row, now)
}

/** Removes a row for good; its key is free again. */
export function removeRow(tables: MemoryTables, row: ExecutionRow): void {
  withdraw(tables, row)
  tables.executions.delete(row.id)
  tables.ordered.remove(row)
  tables.job(row.job).executions.remove(row)
  if (row.dedupeKey !== null) tables.job(row.job).byDedupeKey.delete(row.dedupeKey)
}

/** Puts a row into the indexes of its state. */
export function place(tables: MemoryTables, row: ExecutionRow, now: number): void {
  if (row.status === 'scheduled') {
    if (row.attempt > 0) tables.job(row.job).open.add(row)
    else if (row.isJudged && isLedgerTick(row)) tables.job(row.job).waiting.add(row)
    if (row.dueAt > now) pushInto(tables.future, row)
    else placeDue(tables, row)
  } else if (isHeld(row)) {
    tables.job(row.job).open.add(row)
    countHeld(tables, row, 1)
  } else {
    pushInto(tables.finished, row)
  }
}

/** Takes a row out of the indexes of its state. */
export function withdraw(tables: MemoryTables, row: ExecutionRow): void {
  if (row.heap !== null) {
    row.heap.remove(row)
    row.heap = null
  }
  const { open, waiting } = tables.job(row.job)
  open.delete(row)
  waiting.delete(row)
  if (isHeld(row)) countHeld(tables, row, -1)
}

/** Moves what has fallen due to where it waits for its verdict or its turn. */
export function fallDue(tables: MemoryTables, now: number): void {
  const { future } = tables
  for (let first = future.peek(); first !== undefined && first.dueAt <= now; first = future.peek()) {
    future.remove(first)
    placeDue(tables, first)
  }
}

function placeDue(tables: MemoryTables, row: ExecutionRow): void {
  if (!row.isJudged) {
    const job = tables.job(row.job)
    tables.unjudgedJobs.add(job)
    pushInto(job.unjudged, row)
    return
  }
  pushInto(tables.queue(row.queue).lineOf(tables.job(row.job), row).rows, row)
  if (row.startWithinMs !== null && row.attempt === 0) {
    tables.expiries.push({ heapIndex: -1, at: row.dueAt + row.startWithinMs, row })
  }
}

function pushInto(heap: IndexedHeap<ExecutionRow>, row: ExecutionRow): void {
  row.heap = heap
  heap.push(row)
}

function countHeld(tables: MemoryTables, row: ExecutionRow, count: 1 | -1): void {
  const instance = tables.instances.get(row.instance ?? '')
  if (instance === undefined) return
  if (count === 1) instance.held.add(row)
  else instance.held.delete(row)
  if (row.abandonedAt !== null) return // limits do not count it
  tables.queue(row.queue).held.add(instance, count)
  if (row.concurrencyKey === null) return
  const { heldByKey } = tables.job(row.job)
  let held = heldByKey.get(row.concurrencyKey)
  if (held === undefined) heldByKey.set(row.concurrencyKey, (held = new HeldCount()))
  held.add(instance, count)
  if (held.isEmpty) heldByKey.delete(row.concurrencyKey)
}
