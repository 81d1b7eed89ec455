import { isPausedAt } from '../store/job-state.ts'
import { finish } from './ending.ts'
import { type ExecutionRow, isHeld } from './execution-row.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { MemoryTables } from './memory-tables.ts'
import { goesBefore, type QueueTable, type WaitingLine } from './queue-table.ts'

/** How much of one queue a pass can still take. */
export interface Room {
  readonly queue: string
  slots: number
  prefetch: number
}

/**
 * Takes due executions of one queue by priority, then age, as far as demand and limits allow.
 *
 * @param room - What is asked for; what was taken is taken off it.
 * @param take - Makes the instance the owner of a row.
 * @returns Whether any was left behind for want of demand.
 */
export function takeFromQueue(
  tables: MemoryTables,
  room: Room,
  handlers: ReadonlySet<string>,
  now: number,
  take: (row: ExecutionRow, isStarted: boolean) => void,
): boolean {
  const queue = tables.queue(room.queue)
  const lines = readyLines(tables, queue, handlers, now)
  if (queue.isPaused(now)) return false
  let left = queue.clusterLimit === null ? Number.POSITIVE_INFINITY : queue.clusterLimit - queue.held.live(now)
  let isLeft = false
  for (let line = lines.pop(); line !== undefined && left > 0; line = lines.pop()) {
    if (!canTake(line, now)) continue // what was taken before has closed it
    if (room.slots === 0 && (room.prefetch === 0 || line.isSlotOnly)) {
      isLeft = true
      if (room.prefetch === 0) break
      continue
    }
    take(line.rows.peek() as ExecutionRow, room.slots > 0)
    if (room.slots > 0) room.slots--
    else room.prefetch--
    left--
    if (line.rows.size > 0) lines.push(line)
  }
  return isLeft
}

/** The lines that nothing holds back, the one that goes first on top. Those who would not wait are skipped here. */
function readyLines(
  tables: MemoryTables,
  queue: QueueTable,
  handlers: ReadonlySet<string>,
  now: number,
): IndexedHeap<WaitingLine> {
  const lines = new IndexedHeap<WaitingLine>((a, b) => goesBefore(firstOf(a), firstOf(b)))
  for (const [key, line] of queue.lines) {
    if (line.rows.size === 0) {
      queue.lines.delete(key)
    } else if (handlers.has(line.job.name)) {
      if (canTake(line, now)) lines.push(line)
      else if (line.ifOpen === 'skip' && isOccupied(line)) skipAll(tables, line, now)
    }
  }
  return lines
}

function canTake(line: WaitingLine, now: number): boolean {
  if (line.isTick && isPausedAt(line.job.state?.pauses ?? [], now)) return false
  if (isOccupied(line)) return false
  if (line.concurrencyKey === null || line.concurrencyLimit === null) return true
  return (line.job.heldByKey.get(line.concurrencyKey)?.live(now) ?? 0) < line.concurrencyLimit
}

/** Whether another execution of an exclusive job is open (rule 12). */
export function isOccupied({ job, isExclusive, isOpen }: Pick<WaitingLine, 'job' | 'isExclusive' | 'isOpen'>): boolean {
  if (!isExclusive || job.open.size === 0) return false
  if (!isOpen) return true
  for (const other of job.open) if (isHeld(other)) return true
  return false
}

function skipAll(tables: MemoryTables, line: WaitingLine, now: number): void {
  for (let row = line.rows.peek(); row !== undefined; row = line.rows.peek()) {
    finish(tables, row, { status: 'skipped', reason: 'open', finishedAt: now })
  }
  tables.hint()
}

function firstOf(line: WaitingLine): ExecutionRow {
  return line.rows.peek() as ExecutionRow
}
