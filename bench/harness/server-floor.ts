/** What the floor knows of an execution that it has claimed. */
export interface ServerFloorRow {
  readonly seq: number
  readonly input: string
  readonly fence: number
  readonly attempt: number
  readonly dueAt: number
}

/**
 * The least that keeps executions, attempts and statistics on a server: prepared statements by hand on the store's own
 * tables and indexes, each its own commit, on one connection.
 */
export interface ServerFloor extends AsyncDisposable {
  /** Adds executions that are due at once. */
  insert(inputs: readonly string[]): Promise<void>
  /** Takes up to `most` due executions, longest due first, past what others have locked. */
  claim(most: number): Promise<readonly ServerFloorRow[]>
  /** Writes that they succeeded, with an attempt each; `none`: deletes them and keeps the statistics. */
  settle(rows: readonly ServerFloorRow[], history: 'all' | 'none'): Promise<void>
}
