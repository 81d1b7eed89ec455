import { whereFence } from '@escapement/lock-db'
import type { Kysely } from 'kysely'

/** A row that only the newest lease may write. */
export interface ReportTables {
  report: { id: number; body: string; fence: bigint | null }
}

/** A guarded row in the database of a host. */
export interface GuardedReport {
  /** Writes under a fence; answers whether the row was changed. */
  readonly write: (body: string, fence: bigint) => Promise<boolean>
  readonly body: () => Promise<string>
}

/** Makes the table and its row. */
export async function guardedReport(db: Kysely<ReportTables>): Promise<GuardedReport> {
  await db.schema
    .createTable('report')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('body', 'text')
    .addColumn('fence', 'bigint')
    .execute()
  await db.insertInto('report').values({ id: 1, body: '', fence: null }).execute()
  return {
    async write(body, fence) {
      const { numUpdatedRows } = await db
        .updateTable('report')
        .set({ body, fence })
        .where('id', '=', 1)
        .where(whereFence('fence', fence))
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
    body: async () => (await db.selectFrom('report').select('body').executeTakeFirstOrThrow()).body,
  }
}
