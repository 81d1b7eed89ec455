import type { PauseWindow } from '@escapement/core'
import { type Candidate, keyOf } from '../../claiming/candidate.ts'
import { type ClaimFacts, guardsOf } from './claim-facts.ts'

/** What may start now, by facts that were prepared for it (rules 13, 17, 19 and 20). */
export class Eligibility {
  readonly #facts: ClaimFacts
  readonly #handlers: ReadonlySet<string>
  readonly #takenJobs = new Set<string>()
  readonly #takenKeys = new Map<string, number>()
  #nextPauseEnd = Number.POSITIVE_INFINITY

  constructor(facts: ClaimFacts, handlers: ReadonlySet<string>) {
    this.#facts = facts
    this.#handlers = handlers
  }

  /** When the first pause ends that held anything back; infinite: none does by itself. */
  get nextPauseEnd(): number {
    return this.#nextPauseEnd
  }

  /** A pause that holds something back until it ends. */
  notePause(pause: PauseWindow): void {
    if (pause.until !== null) this.#nextPauseEnd = Math.min(this.#nextPauseEnd, pause.until)
  }

  /** Whether nothing holds the row back. */
  canStart(row: Candidate): boolean {
    if (!this.#handlers.has(row.job)) return false
    const job = this.#facts.job(row.job)
    if (job === null) return false
    if (row.is_tick === 1 && job.pause !== null) {
      this.notePause(job.pause)
      return false
    }
    if (!guardsOf(row).every((key) => this.#facts.hasGuard(key))) return false
    return !this.#isOccupied(row) && this.#hasRoom(row)
  }

  /** Whether it may only be taken for a free slot, never ahead. */
  isSlotOnly(row: Candidate): boolean {
    if (row.is_exclusive === 1 || row.concurrency_key !== '' || row.was_interrupted === 1) return true
    return this.#facts.job(row.job)?.onInterrupt === 'fail'
  }

  /** Takes note that the pass takes the row. */
  took(row: Candidate): void {
    if (row.is_exclusive === 1) this.#takenJobs.add(row.job)
    const key = keyOf(row)
    if (row.concurrency_key !== '') this.#takenKeys.set(key, (this.#takenKeys.get(key) ?? 0) + 1)
  }

  #isOccupied(row: Candidate): boolean {
    if (row.is_exclusive === 0) return false
    return this.#takenJobs.has(row.job) || this.#facts.open(row.job).some(({ seq }) => seq !== row.seq)
  }

  #hasRoom(row: Candidate): boolean {
    if (row.concurrency_key === '' || row.concurrency_limit === null) return true
    return this.#facts.held(row) + (this.#takenKeys.get(keyOf(row)) ?? 0) < row.concurrency_limit
  }
}
