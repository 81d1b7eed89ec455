import type { Lease } from '../lock/lease.ts'
import type { ExecutionLease } from '../store/claim-store.ts'

/** The lease on a job that one attempt runs under: its signal fires when it is lost, not when it is given back. */
export class JobLease implements ExecutionLease {
  readonly executionId: string
  readonly fence: bigint
  readonly #lease: Lease
  readonly #lost = new AbortController()
  #isGivenBack = false

  constructor(executionId: string, lease: Lease) {
    this.executionId = executionId
    this.fence = lease.fence
    this.#lease = lease
    const ended = (): void => {
      if (!this.#isGivenBack) this.#lost.abort(lease.signal.reason)
    }
    if (lease.signal.aborted) ended()
    else lease.signal.addEventListener('abort', ended, { once: true })
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  remainingMs(): number {
    return this.#lease.remainingMs()
  }

  /** Lets others have the job. Never rejects: a lease that cannot be released ends by itself. */
  async giveBack(): Promise<void> {
    this.#isGivenBack = true
    await this.#lease[Symbol.asyncDispose]()
  }
}
