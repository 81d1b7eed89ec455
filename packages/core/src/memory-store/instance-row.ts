import type { ExecutionRow } from './execution-row.ts'
import type { HeapItem } from './indexed-heap.ts'

/** One instance. Instants in Unix milliseconds, the store's clock. */
export interface InstanceRow extends HeapItem {
  readonly id: string
  readonly name: string
  readonly version: number | null
  readonly startedAt: number
  heartbeatAt: number
  leaseUntil: number
  /** Once true it never becomes false again. */
  isDead: boolean
  lastToken: number
  /** What it holds. */
  readonly held: Set<ExecutionRow>
  /** Jobs that it has announced a handler for. */
  readonly handlers: Set<string>
}

/** Whether its lease holds at `now`. */
export function isLive(instance: InstanceRow, now: number): boolean {
  return !instance.isDead && instance.leaseUntil > now
}

/** How many executions count against one limit, by the instance that holds them. */
export class HeldCount {
  readonly #byInstance = new Map<InstanceRow, number>()

  get isEmpty(): boolean {
    return this.#byInstance.size === 0
  }

  add(instance: InstanceRow, count: 1 | -1): void {
    const sum = (this.#byInstance.get(instance) ?? 0) + count
    if (sum === 0) this.#byInstance.delete(instance)
    else this.#byInstance.set(instance, sum)
  }

  /** How many live leases hold one: what a dead instance holds never fills a limit. */
  live(now: number): number {
    let sum = 0
    for (const [instance, count] of this.#byInstance) if (isLive(instance, now)) sum += count
    return sum
  }
}
