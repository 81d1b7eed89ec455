import { isPausedAt, type PauseWindow } from '../store/job-state.ts'
import type { ExecutionRow } from './execution-row.ts'
import { type HeapItem, IndexedHeap } from './indexed-heap.ts'
import { HeldCount } from './instance-row.ts'
import type { JobTable } from './job-table.ts'

/** Due executions of one job and queue that the same things hold back, so that one look at the first answers for all. */
export interface WaitingLine extends HeapItem {
  readonly job: JobTable
  readonly rows: IndexedHeap<ExecutionRow>
  readonly isTick: boolean
  /** They have been claimed before: each of them is itself open. */
  readonly isOpen: boolean
  readonly isExclusive: boolean
  readonly ifOpen: 'wait' | 'skip'
  /** Never taken ahead. */
  readonly isSlotOnly: boolean
  readonly concurrencyKey: string | null
  readonly concurrencyLimit: number | null
}

/** One queue. */
export class QueueTable {
  readonly name: string
  clusterLimit: number | null = null
  pauses: readonly PauseWindow[] = []
  /** What counts against the limit. */
  readonly held: HeldCount = new HeldCount()
  readonly lines: Map<string, WaitingLine> = new Map()

  constructor(name: string) {
    this.name = name
  }

  isPaused(now: number): boolean {
    return isPausedAt(this.pauses, now)
  }

  /** The line in which `row` waits its turn. */
  lineOf(job: JobTable, row: ExecutionRow): WaitingLine {
    const { isTick, isExclusive, ifOpen, concurrencyKey, concurrencyLimit } = row
    const isOpen = row.attempt > 0
    const needsSlot = isSlotOnly(job, row)
    const traits =
      (isTick ? 1 : 0) + (isOpen ? 2 : 0) + (isExclusive ? 4 : 0) + (ifOpen === 'skip' ? 8 : 0) + (needsSlot ? 16 : 0)
    const key = `${traits}|${job.name}${concurrencyKey === null ? '' : `|${concurrencyLimit}|${concurrencyKey}`}`
    let line = this.lines.get(key)
    if (line === undefined) {
      line = {
        heapIndex: -1,
        job,
        rows: new IndexedHeap(goesBefore),
        isTick,
        isOpen,
        isExclusive,
        ifOpen,
        isSlotOnly: needsSlot,
        concurrencyKey,
        concurrencyLimit,
      }
      this.lines.set(key, line)
    }
    return line
  }
}

/** Whether it is taken for a free slot only, never ahead. */
export function isSlotOnly(job: JobTable, row: ExecutionRow): boolean {
  if (row.isExclusive || row.concurrencyKey !== null || row.wasRecovered || row.interruptions > 0) return true
  return job.specOf(row.revision)?.onInterrupt === 'fail'
}

/** By priority, then age. */
export function goesBefore(a: ExecutionRow, b: ExecutionRow): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt
  return a.id < b.id
}
