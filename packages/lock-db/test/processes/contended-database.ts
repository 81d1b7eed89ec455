import { openSqlite } from '@escapement/db'
import { type LockDb, whereFence } from '@escapement/lock-db'
import { serverPool } from '../server-pools.ts'

interface Tables {
  resource: { name: string; fence: bigint; seq: number }
}

export const CONTENDED_KEYS = ['left', 'right'] as const

/** A database whose locks processes contend for, with a resource that they guard. */
export interface ContendedDatabase extends AsyncDisposable {
  readonly locks: LockDb
  /** Makes the resource. */
  prepare(): Promise<void>
  /** Writes under a fence; answers the place of the write among those of the key, or null: refused. */
  write(key: string, fence: bigint): Promise<number | null>
}

/** @param place - The URL of a database on a server, or the path of a SQLite file. */
export function openContended(place: string): ContendedDatabase {
  return place.includes('://') ? onServer(place) : onFile(place)
}

function onFile(file: string): ContendedDatabase {
  const db = openSqlite({ file })
  return {
    locks: db,
    prepare: () =>
      db.write((session) =>
        session.exec(`CREATE TABLE resource (name TEXT PRIMARY KEY, fence INTEGER NOT NULL, seq INTEGER NOT NULL);
          INSERT INTO resource VALUES ('left', 0, 0), ('right', 0, 0)`),
      ),
    write: async (key, fence) => {
      const row = await db.write((session) =>
        session.get<{ seq: number }>(
          'UPDATE resource SET fence = ?, seq = seq + 1 WHERE name = ? AND fence <= ? RETURNING seq',
          [fence, key, fence],
        ),
      )
      return row?.seq ?? null
    },
    [Symbol.asyncDispose]: () => db.close(),
  }
}

function onServer(url: string): ContendedDatabase {
  const opened = serverPool<Tables>(url.startsWith('postgres') ? 'postgres' : 'mariadb', url)
  const { kysely } = opened
  return {
    locks: opened.pool,
    prepare: async () => {
      await kysely.schema
        .createTable('resource')
        .addColumn('name', 'varchar(20)', (column) => column.primaryKey())
        .addColumn('fence', 'bigint', (column) => column.notNull())
        .addColumn('seq', 'integer', (column) => column.notNull())
        .execute()
      const rows = CONTENDED_KEYS.map((name) => ({ name, fence: 0n, seq: 0 }))
      await kysely.insertInto('resource').values(rows).execute()
    },
    write: (key, fence) =>
      kysely.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('resource')
          .set(({ eb }) => ({ fence, seq: eb('seq', '+', 1) }))
          .where('name', '=', key)
          .where(whereFence('fence', fence))
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) return null
        const row = transaction.selectFrom('resource').select('seq').where('name', '=', key)
        return (await row.executeTakeFirstOrThrow()).seq
      }),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}
