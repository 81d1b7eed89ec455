import { SleeperHeap, type Sleeper } from './sleeper-heap.ts'
import { VirtualTimeError } from './virtual-time-error.ts'

/** The common time of all nodes, and the turns in which work is done between two instants. */
export class Timeline {
  readonly seed: number
  readonly startAt: number
  readonly sleepers: SleeperHeap = new SleeperHeap()
  /** Milliseconds since the start. */
  at = 0
  readonly #yieldEvery: number
  #order = 0
  #ids = 0
  #instants = 0
  #isMoving = false
  #held = 0
  #onFree: (() => void) | undefined

  constructor(seed: number, startAt: number, yieldEvery: number) {
    this.seed = seed
    this.startAt = startAt
    this.#yieldEvery = yieldEvery
  }

  sleeper(afterMs: number, keepAlive: boolean, wake: () => void): Sleeper {
    const sleeper: Sleeper = { at: this.at + afterMs, order: this.#order++, keepAlive, wake }
    this.sleepers.push(sleeper)
    return sleeper
  }

  /** A UUID of version 7 in form, made of the virtual time and a counter, so that ids are unique, sort and repeat. */
  nextId(): string {
    const time = Math.floor(this.startAt + this.at)
      .toString(16)
      .padStart(12, '0')
    const count = (this.#ids++).toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count}`
  }

  /** Runs `drive` alone: two callers that moved the time at once would each see the other's steps. */
  async move<T>(drive: () => Promise<T>): Promise<T> {
    if (this.#isMoving) {
      throw new VirtualTimeError('The virtual time is being moved already: await one advance() or runUntil() at a time')
    }
    this.#isMoving = true
    try {
      return await drive()
    } finally {
      this.#isMoving = false
    }
  }

  /** Lets the time stand until `work` has settled, and what follows from it. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held++
    try {
      return await work
    } finally {
      if (--this.#held === 0) this.#onFree?.()
    }
  }

  /** Resolves after a turn of the event loop at whose end no work is held. */
  async settled(): Promise<void> {
    await turn()
    while (this.#held > 0) {
      await new Promise<void>((resolve) => (this.#onFree = resolve))
      await turn()
    }
  }

  /** Goes to the next instant at which anything wakes and does its work. False: nothing wakes at or before `until`. */
  async step(until: number): Promise<boolean> {
    const first = this.sleepers.peek()
    if (first === undefined || first.at > until) return false
    this.at = Math.max(this.at, first.at)
    for (let due = this.sleepers.peek(); due !== undefined && due.at <= this.at; due = this.sleepers.peek()) {
      const { wake } = due
      this.sleepers.pop()
      due.wake = undefined
      wake?.()
    }
    await (++this.#instants % this.#yieldEvery === 0 ? turn() : drained())
    if (this.#held > 0) await this.settled()
    return true
  }
}

/** Resolves after a whole turn of the event loop: promise chains of any length, and what waited for a turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Resolves when every promise chain has settled that needs no turn of the event loop; a sixth of the cost. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
