/** What is used of a pool of `mysql2`; the host makes it, sizes it and ends it. */
export interface MysqlPool {
  getConnection(callback: (error: Error | null, connection: MysqlConnection) => void): void
  readonly config?: object
}

/** A pool of `mysql2/promise`, which stands before one with callbacks. */
export interface MysqlPromisePool {
  readonly pool: MysqlPool
}

/** What is used of a connection of the pool. */
export interface MysqlConnection {
  execute(options: MysqlStatement, callback: MysqlCallback): unknown
  query(options: MysqlStatement, callback: MysqlCallback): unknown
  release(): void
  destroy(): void
}

/** A statement with the settings that decide what its rows look like, whatever the host has set for its pool. */
export interface MysqlStatement {
  readonly sql: string
  readonly values?: unknown[]
  readonly rowsAsArray: false
  readonly nestTables: false
  readonly supportBigNumbers: true
  readonly typeCast: true
}

type MysqlCallback = (error: Error | null, answer: unknown) => void

/** The pool with callbacks; null: `value` is no pool of `mysql2`. */
export function asMysqlPool(value: object): MysqlPool | null {
  if (!('getConnection' in value)) return null
  const inner = 'pool' in value ? value.pool : value
  return inner as MysqlPool
}

/** Where the pool connects to, without user and password. */
export function placeOfMysqlPool({ config = {} }: MysqlPool): string {
  // There at run time, and missing in the types of mysql2.
  const { connectionConfig = {} } = config as { connectionConfig?: Readonly<Record<string, unknown>> }
  const { host = 'localhost', port = 3306, database = '' } = connectionConfig
  return `MySQL database "${String(database)}" on ${String(host)}:${String(port)}`
}
