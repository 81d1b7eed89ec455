import type { ExecutionStatus } from './execution.ts'
import type { NewExecution } from './plan-store.ts'

/** What became of an enqueued execution. */
export interface EnqueueResult {
  readonly id: string
  readonly status: ExecutionStatus
  /** Whether an execution with the same key, or the same id, existed already; `id` and `status` are then its own. */
  readonly existing: boolean
}

/** What a request to cancel found. */
export type CancelResult = 'cancelled' | 'requested' | 'already-ended' | 'unknown'

/** What a retry by hand found. */
export type RetryResult =
  | { readonly result: 'created' | 'existing'; readonly id: string }
  | { readonly result: 'not-ended'; readonly id: string; readonly status: ExecutionStatus }
  | { readonly result: 'unknown' }

/** What people and programs ask for. */
export interface EnqueueStore {
  /**
   * Inserts executions, at most 1,000 a call, all or none. Repeating a call with the same ids changes nothing.
   *
   * @param transaction - The host's own transaction, if the store understands it (`capabilities.transactions`).
   * @throws {@link UnsupportedError} for a transaction that the store cannot use.
   */
  enqueue(
    namespace: string,
    executions: readonly NewExecution[],
    transaction?: unknown,
  ): Promise<readonly EnqueueResult[]>

  /** Cancels what has not been claimed; asks the owner of what has. `by`: principal in text form. */
  cancel(namespace: string, executionId: string, by: string | null): Promise<CancelResult>

  /**
   * Makes a replacement of a settled execution under `newId`; of the end of its chain when it was replaced before.
   * One replacement per execution, however often it is asked for.
   */
  retry(namespace: string, executionId: string, newId: string, by: string | null): Promise<RetryResult>
}
