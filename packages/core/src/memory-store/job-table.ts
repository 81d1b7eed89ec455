import type { JobRevision, JobSpec } from '../job/job-spec.ts'
import type { JobState } from '../store/job-state.ts'
import type { ExecutionRow } from './execution-row.ts'
import { Fifo } from './fifo.ts'
import { type HeapItem, IndexedHeap } from './indexed-heap.ts'
import { type HeldCount, type InstanceRow, isLive } from './instance-row.ts'
import { SortedList } from './sorted-list.ts'
import { compareSpans, type SpanRow } from './span-row.ts'

/** Everything that belongs to one job. */
export class JobTable implements HeapItem {
  readonly name: string
  heapIndex = -1
  /** Its next tick while it is planned, for the order of the heap. */
  plannedAt = 0
  /** Null: nobody has registered it. Replaced as a whole at every change, so that readers hold a snapshot. */
  state: JobState | null = null
  revisions: JobRevision[] = []
  /** Hashes of all its revisions. */
  knownHashes: readonly string[] = []
  /** All its executions by `scheduledFor`, then id. */
  readonly executions: SortedList<ExecutionRow> = new SortedList(compareRows)
  readonly spans: SortedList<SpanRow> = new SortedList(compareSpans)
  readonly byDedupeKey: Map<string, ExecutionRow> = new Map()
  /** Claimed once and not terminal. */
  readonly open: Set<ExecutionRow> = new Set()
  /** Ticks that were judged and wait to be claimed for the first time. */
  readonly waiting: Set<ExecutionRow> = new Set()
  /** Ticks that are due and have no verdict yet, earliest first. */
  readonly unjudged: IndexedHeap<ExecutionRow> = new IndexedHeap((a, b) => a.scheduledFor < b.scheduledFor)
  /** Settled executions that only a limit on their number keeps, oldest first. */
  readonly kept: Fifo<ExecutionRow> = new Fifo()
  /** Instances with a handler for it, and the hash of their definition. */
  readonly handlers: Map<InstanceRow, string> = new Map()
  /** What runs, by concurrency key. */
  readonly heldByKey: Map<string, HeldCount> = new Map()

  constructor(name: string) {
    this.name = name
  }

  /** Whether the planner looks at it. */
  get isPlanned(): boolean {
    return this.state !== null && this.state.retiredAt === null && this.state.absentSince === null
  }

  /** The definition that a revision was made of; of the current one where it is unknown. */
  specOf(revision: number): JobSpec | undefined {
    return (this.revisions[revision - 1] ?? this.state?.current)?.spec
  }

  hasLiveHandler(now: number): boolean {
    for (const instance of this.handlers.keys()) if (isLive(instance, now)) return true
    return false
  }
}

/** The order of pages: by `scheduledFor`, then id. */
export function compareRows(a: ExecutionRow, b: ExecutionRow): number {
  return a.scheduledFor - b.scheduledFor || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
