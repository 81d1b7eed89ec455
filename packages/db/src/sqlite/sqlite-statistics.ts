/** What the own handle has done so far; times in milliseconds on the monotonic clock. */
export interface SqliteStatistics {
  /** Committed transactions. */
  readonly transactions: number
  /** Writes that they held: more than `transactions` where several shared one commit. */
  readonly operations: number
  /** Times that another connection held the write lock. */
  readonly busy: number
  /** Spent inside transactions, commits not counted. */
  readonly bodyMs: number
  readonly longestBodyMs: number
  /** Spent in COMMIT, which is the fsync. */
  readonly commitMs: number
  readonly longestCommitMs: number
  /** The longest read on the own handle. */
  readonly longestReadMs: number
}

/** Keeps {@link SqliteStatistics}. */
export class SqliteStatisticsKeeper {
  #transactions = 0
  #operations = 0
  #busy = 0
  #bodyMs = 0
  #longestBodyMs = 0
  #commitMs = 0
  #longestCommitMs = 0
  #longestReadMs = 0

  committed(operations: number, bodyMs: number, commitMs: number): void {
    this.#transactions++
    this.#operations += operations
    this.#bodyMs += bodyMs
    this.#longestBodyMs = Math.max(this.#longestBodyMs, bodyMs)
    this.#commitMs += commitMs
    this.#longestCommitMs = Math.max(this.#longestCommitMs, commitMs)
  }

  wasBusy(): void {
    this.#busy++
  }

  hasRead(ms: number): void {
    this.#longestReadMs = Math.max(this.#longestReadMs, ms)
  }

  snapshot(): SqliteStatistics {
    return {
      transactions: this.#transactions,
      operations: this.#operations,
      busy: this.#busy,
      bodyMs: this.#bodyMs,
      longestBodyMs: this.#longestBodyMs,
      commitMs: this.#commitMs,
      longestCommitMs: this.#longestCommitMs,
      longestReadMs: this.#longestReadMs,
    }
  }
}
