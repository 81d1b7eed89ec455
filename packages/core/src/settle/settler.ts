import { callStore } from '../context/store-caller.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { Settlement, SettleResult } from '../store/settle-store.ts'

/** The most settlements in one transaction. */
const LARGEST_BATCH = 500

interface Pending {
  readonly settlement: Settlement
  readonly onSettled: (result: SettleResult | null) => void
}

function bareSettlement(settlement: Settlement): Settlement {
  return {
    ...settlement,
    outcome: 'failed',
    status: 'failed',
    reason: 'unstorable',
    dueAt: null,
    spends: 'nothing',
    output: null,
    error: {
      name: 'Error',
      message: 'the store refused what this attempt left behind; the log of the process says why',
    },
    log: [],
    progress: null,
    abandonedAt: null,
  }
}

/**
 * Writes the ends of attempts, whatever has gathered while the write before was under way in one batch. A store that is
 * away is asked again until it answers: a settlement is only dropped when the store says that a retry cannot help.
 */
export class Settler {
  readonly #context: EngineContext
  #pending: Pending[] = []
  #unconfirmed = 0
  #flushing: Promise<void> | undefined

  constructor(context: EngineContext) {
    this.#context = context
  }

  /** How many settlements the store has not confirmed yet. */
  get size(): number {
    return this.#unconfirmed
  }

  /** Adds an end; `onSettled` hears what became of it, null when it could not be stored at all. */
  add(settlement: Settlement, onSettled: (result: SettleResult | null) => void): void {
    this.#pending.push({ settlement, onSettled })
    this.#unconfirmed++
    this.#flushing ??= this.#flush()
  }

  /** Resolves when all that was added has been confirmed. */
  async idle(): Promise<void> {
    await this.#flushing
  }

  async #flush(): Promise<void> {
    await this.#context.runtime.sleep(0) // handlers that end in the same turn share a batch
    while (this.#pending.length > 0) {
      const batch = this.#nextBatch()
      await this.#write(batch)
      this.#unconfirmed -= batch.length
    }
    this.#flushing = undefined
  }

  /** The oldest, one of each execution: the second of two is judged by what the first one left. */
  #nextBatch(): readonly Pending[] {
    const batch = new Map<string, Pending>()
    this.#pending = this.#pending.filter((entry) => {
      const { executionId } = entry.settlement
      if (batch.size >= LARGEST_BATCH || batch.has(executionId)) return true
      batch.set(executionId, entry)
      return false
    })
    return [...batch.values()]
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    const { runtime, store, namespace } = this.#context
    try {
      const results = await callStore(
        runtime,
        () =>
          store.settle(
            namespace,
            batch.map((entry) => entry.settlement),
          ),
        {
          onRetry: (error) => this.#context.report(error, 'settle'),
        },
      )
      const byId = new Map(results.map((result) => [result.executionId, result]))
      for (const entry of batch) entry.onSettled(byId.get(entry.settlement.executionId) ?? null)
    } catch (error) {
      this.#context.report(error, 'settle')
      // One that cannot be stored must not take the others along.
      if (batch.length > 1) for (const entry of batch) await this.#write([entry])
      else for (const entry of batch) await this.#writeBare(entry)
    }
  }

  /** The store refuses what an attempt left behind: its end is stored without, or the work would be done again. */
  async #writeBare({ settlement, onSettled }: Pending): Promise<void> {
    const { runtime, store, namespace } = this.#context
    try {
      const bare = bareSettlement(settlement)
      const [result = null] = await callStore(runtime, () => store.settle(namespace, [bare]), {
        onRetry: (error) => this.#context.report(error, 'settle'),
      })
      onSettled(result)
    } catch (error) {
      this.#context.report(error, 'settle without what the attempt left behind')
      onSettled(null)
    }
  }
}
