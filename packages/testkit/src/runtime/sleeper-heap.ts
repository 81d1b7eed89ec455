/** One pending sleep. */
export interface Sleeper {
  /** When it is due, milliseconds on the timeline. */
  readonly at: number
  /** Breaks ties: sleeps due at one instant end in the order in which they began. */
  readonly order: number
  /** Whether it would keep a real process alive. */
  readonly keepAlive: boolean
  /** Undefined once it has ended or was aborted. */
  wake: (() => void) | undefined
}

/** Pending sleeps by due time. An aborted one stays until it comes up, or until such ones are the majority. */
export class SleeperHeap {
  #heap: Sleeper[] = []
  #aborted = 0

  /** How many sleeps are pending, aborted ones left out. */
  get size(): number {
    return this.#heap.length - this.#aborted
  }

  /** The pending sleeps, in no order. */
  pending(): Sleeper[] {
    return this.#heap.filter((sleeper) => sleeper.wake !== undefined)
  }

  push(sleeper: Sleeper): void {
    const heap = this.#heap
    let index = heap.push(sleeper) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Sleeper
      if (!isBefore(sleeper, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = sleeper
  }

  /** The first pending sleep; undefined: none. */
  peek(): Sleeper | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.wake !== undefined) return first
      this.#removeFirst()
      this.#aborted--
    }
    return undefined
  }

  /** Takes the first pending sleep. */
  pop(): Sleeper | undefined {
    const first = this.peek()
    if (first !== undefined) this.#removeFirst()
    return first
  }

  /** Ends a pending sleep early. */
  abort(sleeper: Sleeper): void {
    sleeper.wake = undefined
    this.#aborted++
    if (this.#aborted < 64 || this.#aborted * 2 < this.#heap.length) return
    const rest = this.pending()
    this.#heap = []
    this.#aborted = 0
    for (const one of rest) this.push(one)
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop() as Sleeper
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Sleeper, heap[child] as Sleeper)) child++
      if (!isBefore(heap[child] as Sleeper, last)) break
      heap[index] = heap[child] as Sleeper
      index = child
    }
    heap[index] = last
  }
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
