/** One dead instance's work that was given back. */
export interface Recovered {
  readonly executionId: string
  readonly job: string
  readonly instance: string
  /** What the execution became. */
  readonly status: 'scheduled' | 'failed' | 'cancelled' | 'timed_out'
  readonly wasStarted: boolean
}

/** Values that may change while everything runs. */
export interface Settings {
  /** How long settled executions are kept, milliseconds. */
  readonly retentionMs: number
}

/** A persisted action over all executions that match a filter as of a moment. */
export interface BulkAction {
  readonly id: string
  readonly kind: 'cancel' | 'retry' | 'pause'
  /** JSON text of the {@link ExecutionFilter}, its range frozen by `createdBefore`. */
  readonly filter: string
  readonly status: 'running' | 'done' | 'aborted'
  /** How many matched when it began, counted up to 1,000,000. */
  readonly total: number
  readonly done: number
  readonly failed: number
  /** Page cursor behind the last one done; null at the start. */
  readonly cursor: string | null
  readonly by: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** What keeps the store small and nothing stuck. Any instance may do it at any time; each step is bounded. */
export interface UpkeepStore {
  /**
   * Declares instances dead whose lease has ended and gives back up to `limit` of what dead ones hold. A started attempt
   * is recorded as interrupted; what it becomes is decided by `afterInterruption` of core. Costs the same however many
   * instances have died before.
   */
  recover(namespace: string, limit: number): Promise<readonly Recovered[]>

  /** Ends an instance that stops: what it still holds is given back by `recover`. Idempotent. */
  removeInstance(namespace: string, instance: string): Promise<void>

  /**
   * Deletes up to `limit` settled executions and spans that ended before `before`, and answers how many. Forgets the ids of
   * dead instances whose lease ended before it and whose work was given back. Statistics stay.
   */
  purge(namespace: string, before: number, limit: number): Promise<number>

  /** Folds statistics of dead instances into one, minutes older than a day into hours, hours older than 30 days into days. */
  foldStats(namespace: string, limit: number): Promise<number>

  /** Retires jobs that have been absent since before `absentBefore`; answers their names. */
  retireAbsent(namespace: string, absentBefore: number): Promise<readonly string[]>

  /** Null: nobody has saved any. */
  settings(namespace: string): Promise<Settings | null>
  saveSettings(namespace: string, settings: Settings): Promise<void>

  createBulkAction(namespace: string, action: BulkAction): Promise<void>
  bulkAction(namespace: string, id: string): Promise<BulkAction | null>
  /** Those whose status is `running`, oldest first. */
  openBulkActions(namespace: string): Promise<readonly BulkAction[]>
  /** Saves progress while the stored cursor and status still equal `expected`; false: someone else moved it. */
  saveBulkAction(
    namespace: string,
    action: BulkAction,
    expected: Pick<BulkAction, 'cursor' | 'status'>,
  ): Promise<boolean>
}
