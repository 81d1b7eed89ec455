import type { SqliteValue } from '@escapement/db'

/** Runs the statements of a lock driver. Each is atomic by itself and outside any transaction of the host. */
export interface StatementRunner {
  /**
   * Runs one statement that changes rows and returns them.
   *
   * @param parameters - Called when the statement runs, so that the clock is read as late as possible.
   * @returns The rows, once the change is on the disk.
   */
  write<Row>(sql: string, parameters: () => readonly SqliteValue[]): Promise<Row[]>
  /** As {@link StatementRunner.write} for a statement without `RETURNING`; answers how many rows it changed. */
  change(sql: string, parameters: () => readonly SqliteValue[]): Promise<number>
  /** Runs one query. */
  read<Row>(sql: string, parameters: () => readonly SqliteValue[]): Promise<Row[]>
}
