import { MysqlAdapter, sql } from 'kysely'
import type { Database, ReminderRow, UsageTotalRow } from './schema.ts'

/** The two statements that MySQL and MariaDB want otherwise than SQLite and PostgreSQL. */

/** Inserts what is not there yet, by its unique key. */
export async function insertNewReminders(db: Database, rows: readonly ReminderRow[]): Promise<void> {
  const insert = db.insertInto('reminders').values(rows)
  const insertNew = isMysql(db)
    ? insert.onDuplicateKeyUpdate((eb) => ({ id: eb.ref('reminders.id') })) // INSERT IGNORE would swallow errors, too
    : insert.onConflict((conflict) => conflict.doNothing())
  await insertNew.execute()
}

/** Adds to what is there. */
export async function addUsage(db: Database, rows: readonly UsageTotalRow[]): Promise<void> {
  const insert = db.insertInto('usage_totals').values(rows)
  const add = isMysql(db)
    ? insert.onDuplicateKeyUpdate({
        requests: sql`usage_totals.requests + VALUES(requests)`,
        last_used_at: sql`GREATEST(usage_totals.last_used_at, VALUES(last_used_at))`,
      })
    : insert.onConflict((conflict) =>
        conflict.column('key_id').doUpdateSet({
          requests: sql`usage_totals.requests + excluded.requests`,
          last_used_at: sql`CASE WHEN excluded.last_used_at > usage_totals.last_used_at
            THEN excluded.last_used_at ELSE usage_totals.last_used_at END`,
        }),
      )
  await add.execute()
}

function isMysql(db: Database): boolean {
  return db.getExecutor().adapter instanceof MysqlAdapter
}
