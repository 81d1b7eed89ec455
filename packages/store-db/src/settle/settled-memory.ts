import type { ExecutionStatus } from '@escapement/core'

/** So many are remembered: far more than could be settled again after a lost reply. */
const MOST_REMEMBERED = 10_000

/** An execution that was settled and whose row was not kept. */
export interface SettledExecution {
  readonly id: string
  readonly fence: bigint
  readonly status: ExecutionStatus
}

/** Verdicts of executions whose rows are gone, so that settling again is told from settling late. */
export class SettledMemory {
  readonly #verdicts = new Map<string, SettledExecution>()

  remember(namespace: string, settled: SettledExecution): void {
    this.#verdicts.set(`${namespace} ${settled.id}`, settled)
    if (this.#verdicts.size <= MOST_REMEMBERED) return
    const [oldest] = this.#verdicts.keys()
    this.#verdicts.delete(oldest as string)
  }

  /** The status that this very attempt led to; null: it is not known. */
  recall(namespace: string, id: string, fence: bigint): ExecutionStatus | null {
    const settled = this.#verdicts.get(`${namespace} ${id}`)
    return settled?.fence === fence ? settled.status : null
  }
}
