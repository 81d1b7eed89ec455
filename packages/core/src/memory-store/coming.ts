import { isPausedAt } from '../store/job-state.ts'
import { type ExecutionRow, isLedgerTick } from './execution-row.ts'
import type { MemoryTables } from './memory-tables.ts'
import { goesBefore, isSlotOnly } from './queue-table.ts'
import type { Room } from './taking.ts'

/** Ticks that one pass looks at before they are due; the others are taken when they are. */
const MOST_COMING = 200

/**
 * Takes ticks that fall due within `aheadMs`, where demand is left and nothing can change their verdict until then.
 *
 * @param rooms - What is left of the demand, by queue.
 * @param take - Makes the instance the owner of a row.
 */
export function takeComing(
  tables: MemoryTables,
  {
    rooms,
    handlers,
    aheadMs,
  }: {
    readonly rooms: readonly Room[]
    readonly handlers: ReadonlySet<string>
    readonly aheadMs: number
  },
  now: number,
  take: (row: ExecutionRow, isStarted: boolean) => void,
): void {
  const until = now + aheadMs
  if ((tables.future.peek()?.dueAt ?? Number.POSITIVE_INFINITY) > until) return
  if (rooms.every(({ slots, prefetch }) => slots + prefetch === 0)) return
  const roomOf = new Map(rooms.map((room) => [room.queue, room]))
  const coming: ExecutionRow[] = []
  for (const row of tables.future.inOrder()) {
    if (row.dueAt > until || coming.length >= MOST_COMING) break
    if (handlers.has(row.job) && roomOf.has(row.queue)) coming.push(row)
  }
  for (const row of coming.toSorted((a, b) => (goesBefore(a, b) ? -1 : 1))) {
    const room = roomOf.get(row.queue) as Room
    if (!canTake(tables, row, room, now)) continue
    row.isPunctual = true
    take(row, room.slots > 0)
    if (room.slots > 0) room.slots--
    else room.prefetch--
  }
}

function canTake(tables: MemoryTables, row: ExecutionRow, { slots, prefetch }: Room, now: number): boolean {
  if (slots === 0 && (prefetch === 0 || isSlotOnly(tables.job(row.job), row))) return false
  return isLedgerTick(row) && !row.isJudged && !isPausedUntil(tables, row, now) && isVerdictCertain(tables, row, now)
}

/** By the job, by the queue that its definition names, and by the one that it waits in. */
function isPausedUntil(tables: MemoryTables, row: ExecutionRow, now: number): boolean {
  const { state } = tables.job(row.job)
  const queuePauses = [row.queue, state?.current.spec.queue ?? row.queue].flatMap((name) => tables.queue(name).pauses)
  const pauses = [...(state?.pauses ?? []), ...queuePauses]
  return isPausedAt(pauses, now) || isPausedAt(pauses, row.dueAt)
}

/** Whether the tick will run, whatever comes until it falls due. */
function isVerdictCertain(tables: MemoryTables, row: ExecutionRow, now: number): boolean {
  const job = tables.job(row.job)
  const spec = job.state?.current.spec
  if (spec === undefined || spec.retry.until === 'next-tick') return false
  if (tables.queue(row.queue).clusterLimit !== null) return false
  const isAlone = row.isExclusive || spec.overlap !== 'allow'
  if (isAlone && (job.open.size > 0 || job.waiting.size > 0)) return false
  if (row.concurrencyKey === null || row.concurrencyLimit === null) return true
  return (job.heldByKey.get(row.concurrencyKey)?.live(now) ?? 0) < row.concurrencyLimit
}
