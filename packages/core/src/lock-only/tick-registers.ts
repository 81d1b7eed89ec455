import type { LockServer } from './lock-server.ts'

/** A tick of a job. */
export interface Tick {
  readonly job: string
  /** Unix milliseconds. */
  readonly scheduledFor: number
}

/**
 * Whose a tick is. `ours`: this call claimed it, nobody else ever will. `elsewhere`: another instance claimed it or a
 * later one. `unavailable`: it was claimed, and an answer that was lost may have said that it is ours; nobody can tell.
 * `unknown`: the lock server did not answer.
 */
export type TickClaim = 'ours' | 'elsewhere' | 'unavailable' | 'unknown'

/**
 * One number per job at the lock server: the latest tick that was claimed. A tick is claimed by moving it there, so that
 * each is claimed at most once, by whatever instance, however often it is asked for (rule 25).
 */
export class TickRegisters {
  readonly #server: LockServer
  /** By register: the latest tick whose claim was asked for without an answer. */
  readonly #unanswered = new Map<string, number>()

  constructor(server: LockServer) {
    this.#server = server
  }

  /** Claims ticks in one call. @returns One answer per tick, in the same order. */
  async claim(namespace: string, ticks: readonly Tick[]): Promise<readonly TickClaim[]> {
    if (ticks.length === 0) return []
    const entries = ticks
      .map(({ job, scheduledFor }, index) => ({ index, key: `${namespace}/tick/${job}`, value: scheduledFor }))
      .toSorted((a, b) => a.value - b.value) // a later one would shut out those before it
    const claims = ticks.map((): TickClaim => 'unknown')
    let answers: readonly boolean[] = []
    try {
      answers = await this.#server.advance(entries.map(({ key, value }) => ({ key, value })))
    } catch {
      // The server remembers why.
    }
    for (const [place, { index, key, value }] of entries.entries()) {
      claims[index] = this.#heard(key, value, answers[place])
    }
    return claims
  }

  #heard(key: string, tick: number, isMoved: boolean | undefined): TickClaim {
    const unanswered = this.#unanswered.get(key) ?? Number.NEGATIVE_INFINITY
    if (isMoved === undefined) {
      this.#unanswered.set(key, Math.max(unanswered, tick))
      return 'unknown'
    }
    if (!isMoved) return tick <= unanswered ? 'unavailable' : 'elsewhere'
    if (tick >= unanswered) this.#unanswered.delete(key)
    return 'ours'
  }
}
