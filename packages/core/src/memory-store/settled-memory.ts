import type { ExecutionStatus } from '../store/execution.ts'

/** So many are remembered: far more than could be settled again after a lost reply. */
const MOST_REMEMBERED = 10_000

/** Verdicts of executions whose rows are not kept, so that settling again is told from settling late. */
export class SettledMemory {
  readonly #verdicts = new Map<string, { readonly fence: bigint; readonly status: ExecutionStatus }>()

  remember(id: string, fence: bigint, status: ExecutionStatus): void {
    this.#verdicts.set(id, { fence, status })
    if (this.#verdicts.size > MOST_REMEMBERED * 2) {
      let surplus = MOST_REMEMBERED
      for (const oldest of this.#verdicts.keys()) {
        if (surplus-- === 0) break
        this.#verdicts.delete(oldest)
      }
    }
  }

  /** The status that this very attempt led to; null: it is not known. */
  recall(id: string, fence: bigint): ExecutionStatus | null {
    const verdict = this.#verdicts.get(id)
    return verdict?.fence === fence ? verdict.status : null
  }
}
