import { type PauseWindow } from '@escapement/core'
import { type Candidate, keyOf } from '../../claiming/candidate.ts'
import { type JudgingScope, openRows, pauseInForce } from './judging.ts'

interface KnownJob {
  readonly pause: PauseWindow | null
  readonly isSlotOnly: boolean
}

/**
 * What may start now: everything that holds rows back, looked up once for each job and key of a pass (rules 13, 17, 19
 * and 20). Within a write transaction nothing of it can change, but by what the pass takes itself.
 */
export class Eligibility {
  readonly #scope: JudgingScope
  readonly #jobs = new Map<string, KnownJob>()
  /** Row numbers of the open executions by exclusive job. */
  readonly #open = new Map<string, ReadonlySet<number>>()
  readonly #held = new Map<string, number>()
  #nextPauseEnd = Number.POSITIVE_INFINITY

  constructor(scope: JudgingScope) {
    this.#scope = scope
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
    if (!this.#scope.handlers.has(row.job)) return false
    if (row.is_tick === 1) {
      const { pause } = this.#job(row.job)
      if (pause !== null) {
        this.notePause(pause)
        return false
      }
    }
    return !this.#isOccupied(row) && this.#hasRoom(row)
  }

  /** Whether ticks of a job are paused. */
  isJobPaused(job: string): boolean {
    return this.#job(job).pause !== null
  }

  /** Whether it may only be taken for a free slot, never ahead. */
  isSlotOnly(row: Candidate): boolean {
    if (row.is_exclusive === 1 || row.concurrency_key !== '' || row.was_interrupted === 1) return true
    return this.#job(row.job).isSlotOnly
  }

  /** Takes note that the pass takes the row. */
  took(row: Candidate): void {
    if (row.is_exclusive === 1) this.#open.set(row.job, new Set([...this.#openOf(row.job), row.seq, -1]))
    if (row.concurrency_key !== '') this.#held.set(keyOf(row), this.#heldOf(row) + 1)
  }

  #isOccupied(row: Candidate): boolean {
    if (row.is_exclusive === 0) return false
    const open = this.#openOf(row.job)
    return open.size > (open.has(row.seq) ? 1 : 0)
  }

  #hasRoom(row: Candidate): boolean {
    return row.concurrency_key === '' || row.concurrency_limit === null || this.#heldOf(row) < row.concurrency_limit
  }

  #openOf(job: string): ReadonlySet<number> {
    let open = this.#open.get(job)
    if (open === undefined) this.#open.set(job, (open = new Set(openRows(this.#scope, job).map(({ seq }) => seq))))
    return open
  }

  #heldOf(row: Candidate): number {
    const key = keyOf(row)
    let held = this.#held.get(key)
    if (held === undefined) {
      const { session, sql, namespace, now } = this.#scope
      held = session.get<{ n: number }>(sql.heldWithKey, [namespace, row.job, row.concurrency_key, now])?.n ?? 0
      this.#held.set(key, held)
    }
    return held
  }

  #job(name: string): KnownJob {
    let job = this.#jobs.get(name)
    if (job === undefined) {
      const known = this.#scope.jobs.get(name)
      job = {
        pause: known === null ? null : pauseInForce(known.pauses, this.#scope.now),
        isSlotOnly: known?.onInterrupt === 'fail',
      }
      this.#jobs.set(name, job)
    }
    return job
  }
}
