import type { ClaimStore } from './claim-store.ts'
import type { DefinitionStore } from './definition-store.ts'
import type { EnqueueStore } from './enqueue-store.ts'
import type { Finding } from './finding.ts'
import type { PlanStore } from './plan-store.ts'
import type { ReadStore } from './read-store.ts'
import type { SettleStore } from './settle-store.ts'
import type { UpkeepStore } from './upkeep-store.ts'

/** What a store can do; each flag changes how the scheduler runs, never what it promises in silence. */
export interface StoreCapabilities {
  /** Whether several processes see the same rows. */
  readonly shared: boolean
  /** Whether `enqueue` can join a transaction of the host. */
  readonly transactions: boolean
  /** Whether `subscribe` hears of other processes' changes; without it the scheduler polls each second. */
  readonly notify: boolean
}

/**
 * What a hint is about. `work`: something may be there to be claimed, or an execution may have changed; a store that cannot
 * tell says this. `cancel`: somebody asked to cancel what runs, and whoever runs it should send its heartbeat (rule 18).
 */
export type Hint = 'work' | 'cancel'

/**
 * Where jobs, executions and the ledger live. Every method is one atomic step at the server and takes the namespace
 * first. `@escapement/testkit` holds the contract that an adapter must pass.
 *
 * Errors: {@link StoreUnavailableError} (retryable) when the outcome is unknown or nothing was done because the server
 * is busy or away; other {@link EscapementError}s when a retry cannot help.
 */
export interface JobStore
  extends DefinitionStore,
    PlanStore,
    ClaimStore,
    SettleStore,
    EnqueueStore,
    ReadStore,
    UpkeepStore,
    AsyncDisposable {
  readonly capabilities: StoreCapabilities
  /** Connects and migrates. Idempotent; every other method may be called once it has resolved. */
  open(): Promise<void>
  /** Closes what the store opened itself. Idempotent. */
  close(): Promise<void>
  /** The server's time, Unix milliseconds. */
  now(): Promise<number>
  /**
   * Calls `listener` soon after anything may have changed, by this process or another. Hints may be late, doubled or
   * lost.
   */
  subscribe(namespace: string, listener: (hint: Hint) => void): Disposable
  /** What an operator should know about the way to the database now; stands in the health of the scheduler. Default: nothing. */
  findings?(): readonly Finding[]
}
