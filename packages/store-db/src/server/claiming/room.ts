import type { QueueDemand } from '@escapement/core'
import type { ClaimableRow } from './claimable-row.ts'
import type { Eligibility } from './eligibility.ts'

/** What was chosen. */
export interface Selection {
  /** What has a slot: it starts at once, or at its instant. */
  readonly starts: ClaimableRow[]
  /** What is taken ahead. */
  readonly ahead: ClaimableRow[]
  /** Whether anything that could start may have been left for want of demand. */
  hasMore: boolean
}

/** How much of one queue a pass can still take. */
export class Room {
  readonly #selection: Selection
  readonly #eligibility: Eligibility
  #slots: number
  #prefetch: number
  #limit: number

  constructor(selection: Selection, eligibility: Eligibility, demand: QueueDemand, limit: number) {
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
  offer(row: ClaimableRow): 'taken' | 'held-back' | 'full' {
    if (this.isClosed || !this.#eligibility.canStart(row)) return 'held-back'
    if (this.#take(row)) return 'taken'
    this.#selection.hasMore = true
    return 'full'
  }

  /** Takes a row that starts at an instant to come, if there is demand beyond what is due. */
  reserve(row: ClaimableRow): void {
    if (!this.isClosed && this.#eligibility.canStart(row)) this.#take(row)
  }

  #take(row: ClaimableRow): boolean {
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
