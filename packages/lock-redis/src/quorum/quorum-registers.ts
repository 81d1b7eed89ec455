import type { Runtime } from '@escapement/base'
import type { RegisterAdvance } from '@escapement/core'
import { isEmpty, type Quorum } from './quorum.ts'
import type { EmptyServer, Move, Moved } from './quorum-server.ts'
import type { Recovery } from './recovery.ts'
import type { Round } from './round.ts'

/** Registers that a majority of servers has moved. */
export class QuorumRegisters {
  readonly #quorum: Quorum
  readonly #recovery: Recovery
  readonly #runtime: Runtime

  constructor(quorum: Quorum, recovery: Recovery, runtime: Runtime) {
    this.#quorum = quorum
    this.#recovery = recovery
    this.#runtime = runtime
  }

  /** As {@link LockDriver.advanceMany}. Rejects when nobody can tell whose a register is, as after a split. */
  async advance(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    if (entries.length === 0) return []
    const call = this.#runtime.id()
    const moves = entries.map(({ key, value }, index) => ({ key, value, id: `${call}.${index}` }))
    const time = this.#quorum.attempt()
    const ask = (): Promise<Round<Moved | EmptyServer>> =>
      this.#quorum.askInTurn<Moved>(
        time,
        (server, led) => server.move(led === null ? moves : moves.filter(({ id }) => led.by.get(id) === '')),
        (led) => moves.every(({ id }) => led.by.get(id) !== ''),
        (round) => !this.#verdicts(moves, round).includes(null),
      )
    let round = await ask()
    if (await this.#recovery.teachEmpty(time)) {
      if (this.#verdicts(moves, round).includes(null)) round = await ask()
    }
    const verdicts = this.#verdicts(moves, round, true).filter((verdict) => verdict !== null)
    if (verdicts.length < moves.length || !time.isTrusted()) throw this.#quorum.unavailable(round)
    return verdicts
  }

  /** For each whether it was moved by this call; null: not known. `isLast`: no more answers will come. */
  #verdicts(
    moves: readonly Move[],
    { answers }: Round<Moved | EmptyServer>,
    isLast: boolean = false,
  ): (boolean | null)[] {
    const [led, ...others] = [...answers.values()].filter((answer) => !isEmpty(answer))
    return moves.map(({ id }) => {
      if (led === undefined) return null
      if (led.by.get(id) !== '') return false
      const said = [led, ...others].map(({ by }) => by.get(id))
      const isBy = (who: string): boolean => said.filter((by) => by === who).length >= this.#quorum.majority
      if (isBy('')) return true
      // Another has it, or a later one was moved over it.
      if (said.some((by) => by !== undefined && by !== '' && by !== '>' && isBy(by))) return false
      return isLast && said.includes('>') ? false : null
    })
  }
}
