import type { Runtime } from './runtime.ts'

/** How long the longest delay is remembered at least, and twice that at most. Milliseconds. */
const DELAY_WINDOW_MS = 60_000
/** So many cancelled timers are never worth a clean-up. */
const FEW_CANCELLED = 64

/** One pending callback of a {@link TimerQueue}. */
export interface Timer {
  /** Prevents the callback; does nothing when it has run already. */
  cancel(): void
}

/** Given to the sleeps that are ended early: without a reason each would make a DOMException, stack trace and all. */
const DISARMED = 'disarmed'

interface Entry extends Timer {
  readonly at: number
  readonly order: number
  callback: (() => void) | undefined
}

/**
 * Any number of one-shot timers on a single sleep of the runtime, so that ten thousand leases cost one timer.
 * Deadlines are counted on the monotonic clock; timers due at the same instant run in the order they were set.
 */
export class TimerQueue implements Disposable {
  readonly #runtime: Runtime
  #keepAlive: boolean
  readonly #heap: Entry[] = []
  #order = 0
  #live = 0
  #armedAt = Number.POSITIVE_INFINITY
  #sleep: AbortController | undefined
  #closed = false
  /** The longest delays of this window and the one before. */
  readonly #delays = { windowAt: 0, current: 0, previous: 0 }

  /**
   * @param options - `keepAlive: false` lets the process exit although timers are pending; default true.
   */
  constructor(runtime: Runtime, options?: { readonly keepAlive?: boolean }) {
    this.#runtime = runtime
    this.#keepAlive = options?.keepAlive ?? true
  }

  /** How many timers are pending. */
  get size(): number {
    return this.#live
  }

  /** How late the latest timer of the last one to two minutes fired: how long the event loop was blocked. Milliseconds. */
  longestDelayMs(): number {
    this.#turnWindow(this.#runtime.monotonic())
    return Math.max(this.#delays.current, this.#delays.previous)
  }

  /**
   * Calls `callback` once, `delayMs` milliseconds from now, on a turn of its own.
   * Once the queue is closed nothing fires any more.
   */
  after(delayMs: number, callback: () => void): Timer {
    const entry: Entry = {
      at: this.#runtime.monotonic() + Math.max(0, delayMs),
      order: this.#order++,
      callback,
      cancel: () => {
        if (entry.callback === undefined) return
        entry.callback = undefined
        this.#live--
        this.#disarmIfIdle()
        this.#dropCancelled()
      },
    }
    if (this.#closed) {
      entry.callback = undefined
      return entry
    }
    this.#live++
    push(this.#heap, entry)
    if (entry.at < this.#armedAt) this.#arm(entry.at)
    return entry
  }

  /** From now on pending timers no longer keep the process alive. */
  letProcessExit(): void {
    this.#keepAlive = false
    if (this.#sleep !== undefined) this.#arm(this.#armedAt)
  }

  /** Drops every pending timer. Idempotent. */
  close(): void {
    this.#closed = true
    for (const entry of this.#heap) entry.callback = undefined
    this.#live = 0
    this.#disarmIfIdle()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #disarmIfIdle(): void {
    if (this.#live > 0) return
    this.#heap.length = 0
    // A sleep that holds nothing up goes on: the next timer is most likely later, and then needs no sleep of its own.
    if (!this.#keepAlive && !this.#closed) return
    this.#armedAt = Number.POSITIVE_INFINITY
    this.#sleep?.abort(DISARMED)
    this.#sleep = undefined
  }

  /** Timers are mostly cancelled long before they are due: they must not pile up until then. */
  #dropCancelled(): void {
    if (this.#heap.length <= 2 * this.#live + FEW_CANCELLED) return
    const live = this.#heap.filter((entry) => entry.callback !== undefined)
    this.#heap.length = 0
    for (const entry of live) push(this.#heap, entry)
  }

  #turnWindow(now: number): void {
    const delays = this.#delays
    if (now - delays.windowAt < DELAY_WINDOW_MS) return
    delays.previous = now - delays.windowAt < 2 * DELAY_WINDOW_MS ? delays.current : 0
    delays.current = 0
    delays.windowAt = now
  }

  #arm(at: number): void {
    this.#sleep?.abort(DISARMED)
    const sleep = new AbortController()
    this.#sleep = sleep
    this.#armedAt = at
    const delayMs = Math.max(0, at - this.#runtime.monotonic())
    this.#runtime.sleep(delayMs, sleep.signal, { keepAlive: this.#keepAlive }).then(
      () => {
        if (this.#sleep === sleep) this.#fire()
      },
      () => undefined, // disarmed: whoever aborted the sleep has armed another one or needs none
    )
  }

  #fire(): void {
    this.#sleep = undefined
    this.#armedAt = Number.POSITIVE_INFINITY
    const now = this.#runtime.monotonic()
    const due: Entry[] = []
    this.#turnWindow(now)
    const first = this.#heap[0]
    if (first !== undefined) this.#delays.current = Math.max(this.#delays.current, now - first.at)
    for (let next = this.#heap[0]; next !== undefined && next.at <= now; next = this.#heap[0]) {
      due.push(pop(this.#heap))
    }
    try {
      for (let entry = due.shift(); entry !== undefined; entry = due.shift()) {
        const { callback } = entry
        if (callback === undefined) continue
        entry.callback = undefined
        this.#live--
        callback()
      }
    } finally {
      for (const entry of due) push(this.#heap, entry) // a callback threw: the rest still have their turn
      while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) pop(this.#heap)
      const next = this.#heap[0]
      if (next !== undefined && next.at < this.#armedAt) this.#arm(next.at)
    }
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    const above = heap[parent] as Entry
    if (!isBefore(entry, above)) break
    heap[index] = above
    index = parent
  }
  heap[index] = entry
}

function pop(heap: Entry[]): Entry {
  const top = heap[0] as Entry
  const last = heap.pop() as Entry
  if (heap.length === 0) return top
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++
    if (!isBefore(heap[child] as Entry, last)) break
    heap[index] = heap[child] as Entry
    index = child
  }
  heap[index] = last
  return top
}
