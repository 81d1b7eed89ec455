import type { QueueDemand } from '@escapement/core'
import type { Candidate } from './candidate.ts'

/** What was chosen. */
export interface Selection<Row extends Candidate> {
  /** What has a slot: it starts at once, or at its instant. */
  readonly starts: Row[]
  /** What is taken ahead. */
  readonly ahead: Row[]
  /** Whether anything that could start may have been left for want of demand. */
  hasMore: boolean
}

/** Says what may start. */
interface Eligibility {
  /** Whether nothing holds the row back. */
  canStart(row: Candidate): boolean
  /** Whether it may only be taken for a free slot, never ahead. */
  isSlotOnly(row: Candidate): boolean
  /** Takes note that the pass takes the row. */
  took(row: Candidate): void
}

/** How much of one queue a pass can still take. */
export class Room<Row extends Candidate> {
  readonly #selection: Selection<Row>
  readonly #eligibility: Eligibility
  #slots: number
  #prefetch: number
  #limit: number

  constructor(selection: Selection<Row>, eligibility: Eligibility, demand: QueueDemand, limit: number) {
    this.#selection = selection
    this.#eligibility = eligibility
    this.#slots = demand.slots
    this.#prefetch = demand.prefetch
    this.#limit = limit
  }

  /** How many rows it can take at most. */
  get left(): number {
    return Math.min(this.#slots + this.#prefetch, this.#limit)
  }

  /** Whether the limit of the queue is reached, so that no demand would help. */
  get isClosed(): boolean {
    return this.#limit <= 0
  }

  /** Takes the row if it can start; `full`: it could, but there is no demand, and nothing behind it may go first. */
  offer(row: Row): 'taken' | 'held-back' | 'full' {
    if (this.isClosed || !this.#eligibility.canStart(row)) return 'held-back'
    if (this.#take(row)) return 'taken'
    this.#selection.hasMore = true
    return 'full'
  }

  /** Takes a row that starts at an instant to come, if there is demand beyond what is due. */
  reserve(row: Row): void {
    if (!this.isClosed && this.#eligibility.canStart(row)) this.#take(row)
  }

  #take(row: Row): boolean {
    if (this.#slots > 0) {
      this.#slots--
      this.#selection.starts.push(row)
    } else if (this.#prefetch > 0 && !this.#eligibility.isSlotOnly(row)) {
      this.#prefetch--
      this.#selection.ahead.push(row)
    } else {
      return false
    }
    this.#limit--
    this.#eligibility.took(row)
    return true
  }
}
