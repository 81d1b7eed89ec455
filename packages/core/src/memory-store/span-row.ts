import type { SpanReason } from '../store/span.ts'
import type { HeapItem } from './indexed-heap.ts'

/** One span as the tables hold it. */
export interface SpanRow extends HeapItem {
  readonly job: string
  readonly revision: number
  readonly from: number
  to: number
  count: number
  readonly reason: SpanReason
  /** Tells two spans apart that begin at one tick. */
  readonly order: number
  /** Its end when it was put in line for the purge; it may have grown since. */
  endWhenQueued: number
}

export function compareSpans(a: SpanRow, b: SpanRow): number {
  return a.from - b.from || a.order - b.order
}
