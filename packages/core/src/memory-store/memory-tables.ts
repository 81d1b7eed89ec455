import type { BulkAction, Settings } from '../store/upkeep-store.ts'
import type { ExecutionRow } from './execution-row.ts'
import { FenceTable } from './fence-table.ts'
import { type HeapItem, IndexedHeap } from './indexed-heap.ts'
import type { InstanceRow } from './instance-row.ts'
import { compareRows, JobTable } from './job-table.ts'
import { QueueTable } from './queue-table.ts'
import { SettledMemory } from './settled-memory.ts'
import { SortedList } from './sorted-list.ts'
import type { SpanRow } from './span-row.ts'
import { StatisticsTable } from './statistics-table.ts'

/** When an execution that waits is to be given up. */
interface Expiry extends HeapItem {
  readonly at: number
  readonly row: ExecutionRow
}

/** Everything that one namespace holds, and where each row is found. */
export class MemoryTables {
  readonly executions: Map<string, ExecutionRow> = new Map()
  /** All executions by `scheduledFor`, then id. */
  readonly ordered: SortedList<ExecutionRow> = new SortedList(compareRows)
  readonly jobs: Map<string, JobTable> = new Map()
  readonly queues: Map<string, QueueTable> = new Map()
  readonly instances: Map<string, InstanceRow> = new Map()
  /** How many definitions were superseded. */
  supersessions = 0
  /** Instances that live, or whose work has not been given back: few, however many have died. */
  readonly openInstances: Set<InstanceRow> = new Set()
  /** Dead instances whose work was given back, until their ids are forgotten. */
  readonly goneInstances: IndexedHeap<InstanceRow> = new IndexedHeap((a, b) => a.leaseUntil < b.leaseUntil)
  /** Jobs that nobody has a handler for. */
  readonly absentJobs: Set<JobTable> = new Set()
  /** Jobs that have a next tick and are planned, soonest first. */
  readonly planned: IndexedHeap<JobTable> = new IndexedHeap((a, b) => a.plannedAt < b.plannedAt)
  /** Executions that wait for their time. */
  readonly future: IndexedHeap<ExecutionRow> = new IndexedHeap((a, b) => a.dueAt < b.dueAt)
  /** Jobs that may have due ticks without a verdict. */
  readonly unjudgedJobs: Set<JobTable> = new Set()
  /** Ends of the waits that `startWithin` limits; one may be out of date. */
  readonly expiries: IndexedHeap<Expiry> = new IndexedHeap((a, b) => a.at < b.at)
  /** Settled executions, for the purge. */
  readonly finished: IndexedHeap<ExecutionRow> = new IndexedHeap((a, b) => (a.finishedAt ?? 0) < (b.finishedAt ?? 0))
  /** Spans, for the purge. */
  readonly endedSpans: IndexedHeap<SpanRow> = new IndexedHeap((a, b) => a.endWhenQueued < b.endWhenQueued)
  readonly fences: FenceTable = new FenceTable()
  readonly statistics: StatisticsTable = new StatisticsTable()
  /** Verdicts of executions that are not kept. */
  readonly settled: SettledMemory = new SettledMemory()
  readonly bulkActions: Map<string, BulkAction> = new Map()
  settings: Settings | null = null
  spanOrder = 0
  readonly #listeners = new Set<() => void>()
  #isHinting = false

  /** The tables of a job, also of one that nobody has registered. */
  job(name: string): JobTable {
    let job = this.jobs.get(name)
    if (job === undefined) this.jobs.set(name, (job = new JobTable(name)))
    return job
  }

  queue(name: string): QueueTable {
    let queue = this.queues.get(name)
    if (queue === undefined) this.queues.set(name, (queue = new QueueTable(name)))
    return queue
  }

  /** Puts a job where its next tick says, after its state has changed. */
  reschedule(job: JobTable): void {
    if (job.heapIndex >= 0) this.planned.remove(job)
    const nextTickAt = job.state?.nextTickAt ?? null
    if (nextTickAt === null || !job.isPlanned) return
    job.plannedAt = nextTickAt
    this.planned.push(job)
  }

  subscribe(listener: () => void): Disposable {
    const own = (): void => listener() // the same function may subscribe twice
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) }
  }

  /** Tells all listeners soon, once for any number of changes of one turn. */
  hint(): void {
    if (this.#isHinting || this.#listeners.size === 0) return
    this.#isHinting = true
    queueMicrotask(() => {
      this.#isHinting = false
      for (const listener of this.#listeners) listener()
    })
  }
}
