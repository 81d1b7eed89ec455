import type { SqliteDriver, SqliteStatement, SqliteValue } from './sqlite-driver.ts'

/** Statements that are kept prepared; the least recently used beyond these are prepared anew. */
const KEPT_STATEMENTS = 500

/** Synchronous access to one connection, with every statement prepared once. */
export class SqliteSession {
  readonly #driver: SqliteDriver
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(driver: SqliteDriver) {
    this.#driver = driver
  }

  /** Runs statements that return nothing and take no parameters. */
  exec(sql: string): void {
    this.#driver.exec(sql)
  }

  /** Runs a statement that returns no rows; answers how many rows it changed. */
  run(sql: string, parameters: readonly SqliteValue[] = []): number {
    return Number(this.#prepare(sql).run(...parameters).changes)
  }

  /** All rows of a statement that returns rows. */
  all<Row>(sql: string, parameters: readonly SqliteValue[] = []): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[]
  }

  /** The first row, or undefined. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows its columns
  get<Row>(sql: string, parameters: readonly SqliteValue[] = []): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined
  }

  /** Closes the connection. */
  close(): void {
    this.#statements.clear()
    this.#driver.close()
  }

  #prepare(sql: string): SqliteStatement {
    const kept = this.#statements.get(sql)
    if (kept !== undefined) {
      if (this.#statements.size < KEPT_STATEMENTS) return kept
      this.#statements.delete(sql)
      this.#statements.set(sql, kept)
      return kept
    }
    const statement = this.#driver.prepare(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > KEPT_STATEMENTS) {
      const [oldest] = this.#statements.keys()
      this.#statements.delete(oldest as string)
    }
    return statement
  }
}
