import { type LockDb, openSqlite, whereFence } from '@escapement/lock-db'
import { Kysely, MysqlDialect, PostgresDialect, sql, type UpdateQueryBuilder, type UpdateResult } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'
import { CONTESTED_KEYS } from './contested-lock.ts'

/** Databases that keep both the locks and what they guard. */
export type ResourceKind = 'sqlite' | 'postgres' | 'mariadb'

interface Tables {
  contested_resource: { name: string; fence: bigint; place: number }
}

/** A database of one process, and the resource in it that fences guard. */
export interface ContestedResource extends AsyncDisposable {
  readonly locks: LockDb
  /** Writes under a fence; answers the place of the write among those of the key, null: refused. */
  write(key: string, fence: bigint): Promise<number | null>
}

const POOL = 3

/** Makes the resource in a database that has none. */
export async function makeResource(kind: ResourceKind, place: string): Promise<void> {
  await using opened = open(kind, place)
  await opened.run(
    'CREATE TABLE contested_resource (name VARCHAR(20) PRIMARY KEY, fence BIGINT NOT NULL, place INTEGER NOT NULL)',
  )
  const rows = CONTESTED_KEYS.map((key) => `('${key}', 0, 0)`)
  await opened.run(`INSERT INTO contested_resource VALUES ${rows.join(', ')}`)
}

/** @param place - The URL of a database on a server, or the path of a SQLite file. */
export function openResource(kind: ResourceKind, place: string): ContestedResource {
  return open(kind, place)
}

interface OpenDatabase extends ContestedResource {
  run(statement: string): Promise<unknown>
}

function open(kind: ResourceKind, place: string): OpenDatabase {
  if (kind === 'sqlite') return openFile(place)
  return kind === 'postgres' ? openPostgres(place) : openMysql(place)
}

function openFile(file: string): OpenDatabase {
  const db = openSqlite({ file })
  return {
    locks: db,
    run: (statement) => db.write((session) => session.exec(statement)),
    write: async (key, fence) => {
      const row = await db.write((session) =>
        session.get<{ place: number }>(
          'UPDATE contested_resource SET fence = ?, place = place + 1 WHERE name = ? AND fence <= ? RETURNING place',
          [fence, key, fence],
        ),
      )
      return row?.place ?? null
    },
    [Symbol.asyncDispose]: () => db.close(),
  }
}

function openPostgres(url: string): OpenDatabase {
  const pool = new Pool({ connectionString: url, max: POOL })
  // What a host that passes a Kysely has to do itself: an error event that nobody hears ends the process.
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined))
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    locks: pool,
    run: (statement) => pool.query(statement),
    write: async (key, fence) => {
      const row = await guarded(kysely, key, fence)
        .set(({ eb }) => ({ fence, place: eb('place', '+', 1) }))
        .returning('place')
        .executeTakeFirst()
      return row?.place ?? null
    },
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

function openMysql(url: string): OpenDatabase {
  const pool = createPool({ uri: url, connectionLimit: POOL })
  const kysely = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) })
  return {
    locks: pool,
    run: (statement) => pool.promise().query(statement),
    write: async (key, fence) => {
      // In one statement: a process that is stopped within a transaction would keep the row from all others.
      const update = guarded(kysely, key, fence).set({ fence, place: sql`last_insert_id(place + 1)` })
      const { insertId, numAffectedRows } = await kysely.executeQuery(update)
      return numAffectedRows === 0n ? null : Number(insertId)
    },
    [Symbol.asyncDispose]: () => pool.promise().end(),
  }
}

function guarded(
  kysely: Kysely<Tables>,
  key: string,
  fence: bigint,
): UpdateQueryBuilder<Tables, 'contested_resource', 'contested_resource', UpdateResult> {
  return kysely.updateTable('contested_resource').where('name', '=', key).where(whereFence('fence', fence))
}
