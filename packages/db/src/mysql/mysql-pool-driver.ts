import type { ServerConnection, ServerDriver } from '../server/server-driver.ts'
import type { SqlResult } from '../server/sql-server.ts'
import { type MysqlConnection, type MysqlPool, type MysqlStatement, placeOfMysqlPool } from './mysql-pool.ts'

const SHAPE = { rowsAsArray: false, nestTables: false, supportBigNumbers: true, typeCast: true } as const

/** Lends connections of a pool of `mysql2`. Statements are prepared once a connection; values never stand in their text. */
export class MysqlPoolDriver implements ServerDriver {
  readonly place: string
  readonly #pool: MysqlPool
  readonly #isPreparing: boolean

  constructor(pool: MysqlPool, isPreparing: boolean) {
    this.place = placeOfMysqlPool(pool)
    this.#pool = pool
    this.#isPreparing = isPreparing
  }

  async lend<T>(work: (connection: ServerConnection) => Promise<T>): Promise<T> {
    const connection = await this.#connect()
    let isReleased = false
    const release = (discard: boolean): void => {
      if (isReleased) return
      isReleased = true
      if (discard) connection.destroy()
      else connection.release()
    }
    const method = this.#isPreparing ? 'execute' : 'query'
    try {
      return await work({
        run: async ({ text }, values) => resultOf(await answer(connection, method, text, values)),
        exec: async (text) => void (await answer(connection, 'query', text)),
        discard: () => release(true),
      })
    } finally {
      release(false)
    }
  }

  #connect(): Promise<MysqlConnection> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((error, connection) => (error === null ? resolve(connection) : reject(error)))
    })
  }
}

function answer(
  connection: MysqlConnection,
  method: 'execute' | 'query',
  sql: string,
  values?: readonly unknown[],
): Promise<unknown> {
  const options: MysqlStatement = { sql, ...SHAPE, ...(values === undefined ? {} : { values: [...values] }) }
  return new Promise((resolve, reject) => {
    connection[method](options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

/** Rows, or the head of a statement without rows. */
function resultOf(given: unknown): SqlResult<object> {
  if (Array.isArray(given)) return { rows: given, affected: given.length, insertId: null }
  const { affectedRows, insertId } = given as { affectedRows: number; insertId: number | string }
  return { rows: [], affected: affectedRows, insertId: Number(insertId) === 0 ? null : Number(insertId) }
}
