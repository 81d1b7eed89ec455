import { type RunSql, sqlTransaction } from '@escapement/db'
import type { DatabaseKind } from '@escapement/testkit/servers'
import { type SQL, sql } from 'drizzle-orm'
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { CamelCasePlugin, Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import { createPool, type RowDataPacket } from 'mysql2'
import { Pool } from 'pg'

/** A transaction of a host: what it passes to `enqueue`, and how it writes itself. */
interface HostTransaction {
  readonly transaction: unknown
  /** Runs a statement of the host's own, without parameters. */
  readonly write: (text: string) => Promise<unknown>
}

/** A library that a host uses. */
export interface HostLibrary {
  /** Runs `work` in a transaction: committed, or rolled back when it throws. */
  readonly transact: (work: (given: HostTransaction) => Promise<void>) => Promise<void>
  readonly end: () => Promise<unknown>
}

/** How to open each library on a server. */
export const HOST_LIBRARIES: Readonly<Record<string, (kind: DatabaseKind, url: string) => HostLibrary>> = {
  Kysely: (kind, url) => {
    const kysely = new Kysely<unknown>({
      dialect:
        kind === 'postgres'
          ? new PostgresDialect({ pool: new Pool({ connectionString: url, max: 1 }) })
          : new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: 1 }) }),
      plugins: [new CamelCasePlugin()],
    })
    return {
      transact: (work) =>
        kysely.transaction().execute(async (transaction) => {
          const { CompiledQuery } = await import('kysely')
          await work({ transaction, write: (text) => transaction.executeQuery(CompiledQuery.raw(text)) })
        }),
      end: () => kysely.destroy(),
    }
  },

  'the bare driver': (kind, url) => (kind === 'postgres' ? barePostgres(url) : bareMysql(url)),

  knex: (kind, url) => {
    const database = knex({ client: kind === 'postgres' ? 'pg' : 'mysql2', connection: url, pool: { min: 0, max: 1 } })
    return {
      transact: (work) =>
        database.transaction(async (given) => {
          const run: RunSql = async (text, parameters) => {
            // knex knows no numbered places: each mark gets the parameter of its number.
            const values: unknown[] = []
            const marked = text.replaceAll(/\$(\d+)/g, (_, place: string) => {
              values.push(parameters[Number(place) - 1])
              return '?'
            })
            const answer: unknown = await given.raw(marked, (kind === 'postgres' ? values : parameters) as string[])
            return kind === 'postgres' ? (answer as { rows: unknown[] }).rows : ((answer as unknown[][])[0] ?? [])
          }
          await work({ transaction: sqlTransaction(run, { dialect: kind }), write: (text) => given.raw(text) })
        }),
      end: () => database.destroy(),
    }
  },

  Drizzle: (kind, url) => {
    const postgres = kind === 'postgres' ? new Pool({ connectionString: url, max: 1 }) : null
    const mysql = postgres === null ? createPool({ uri: url, connectionLimit: 1 }) : null
    const place = kind === 'postgres' ? /(\$\d+)/ : /(\?)/
    // A text with places becomes one of Drizzle's with values.
    const compiled = (text: string, parameters: readonly unknown[]): SQL => {
      let next = 0
      const parts = text.split(place).map((part) => {
        if (part === '?') return sql`${parameters[next++]}`
        return /^\$\d+$/.test(part) ? sql`${parameters[Number(part.slice(1)) - 1]}` : sql.raw(part)
      })
      return sql.join(parts)
    }
    const handing = (
      work: (given: HostTransaction) => Promise<void>,
      execute: (query: SQL) => Promise<readonly unknown[]>,
    ): Promise<void> => {
      const run: RunSql = (text, parameters) => execute(compiled(text, parameters))
      return work({ transaction: sqlTransaction(run, { dialect: kind }), write: (text) => execute(sql.raw(text)) })
    }
    return {
      async transact(work) {
        if (postgres !== null) {
          await drizzlePostgres(postgres).transaction((given) =>
            handing(work, async (query) => (await given.execute(query)).rows),
          )
        }
        if (mysql !== null) {
          await drizzleMysql(mysql).transaction((given) =>
            handing(work, async (query) => (await given.execute(query))[0] as unknown as readonly unknown[]),
          )
        }
      },
      end: async () => {
        await postgres?.end()
        await mysql?.promise().end()
      },
    }
  },
}

function barePostgres(url: string): HostLibrary {
  const pool = new Pool({ connectionString: url, max: 1 })
  return {
    async transact(work) {
      const client = await pool.connect()
      try {
        const run: RunSql = async (text, parameters) => (await client.query(text, [...parameters])).rows
        await client.query('BEGIN')
        await work({
          transaction: sqlTransaction(run, { dialect: 'postgres' }),
          write: (text) => client.query(text),
        })
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    end: () => pool.end(),
  }
}

function bareMysql(url: string): HostLibrary {
  const pool = createPool({ uri: url, connectionLimit: 1 }).promise()
  return {
    async transact(work) {
      const connection = await pool.getConnection()
      try {
        const run: RunSql = async (text, parameters) =>
          (await connection.execute<RowDataPacket[]>(text, [...parameters] as string[]))[0]
        await connection.beginTransaction()
        await work({
          transaction: sqlTransaction(run, { dialect: 'mysql' }),
          write: (text) => connection.query(text),
        })
        await connection.commit()
      } catch (error) {
        await connection.rollback()
        throw error
      } finally {
        connection.release()
      }
    },
    end: () => pool.end(),
  }
}
