import type { BulkAction, UpkeepStore } from '@escapement/core'
import { type BulkRow, bulkOf } from '../../bulk/bulk-row.ts'
import { readNumbers } from '../read-numbers.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'

type BulkRole = 'createBulkAction' | 'bulkAction' | 'openBulkActions' | 'saveBulkAction'

/** Actions over many executions on a server. */
export function bulkActions(context: ServerContext): Pick<UpkeepStore, BulkRole> {
  const sql = statements(bulkActionsSql(context))
  return {
    async createBulkAction(namespace, action) {
      await context.run(sql.create, { namespace, rows: rowsText([bulkObject(action)]) })
    },

    async bulkAction(namespace, id) {
      const { rows } = await context.run(sql.one, { namespace, id })
      return rows.map(bulkRowOf).map(bulkOf)[0] ?? null
    },

    async openBulkActions(namespace) {
      const { rows } = await context.run(sql.open, { namespace })
      return rows.map(bulkRowOf).map(bulkOf)
    },

    saveBulkAction: (namespace, action, expected) =>
      context.transaction(async (session) => {
        const { rows } = await session.run<BulkRow>(sql.lock, { namespace, id: action.id })
        const [row] = rows
        if (row === undefined || row.place !== expected.cursor || row.status !== expected.status) return false
        const { id, status, total, done, failed, cursor, updatedAt } = action
        await session.run(sql.save, { namespace, id, status, total, done, failed, cursor, updatedAt })
        return true
      }),
  }
}

function bulkActionsSql({ tables: t, sql }: ServerContext) {
  const columns = 'id, kind, filter, status, total, done, failed, place, created_by, created_at, updated_at'
  return {
    create: `INSERT INTO ${t.bulk_actions} (namespace, ${columns})
      SELECT :namespace, ${columns} FROM ${sql.rows(':rows', 'v', {
        id: 'key',
        kind: 'key',
        filter: 'text',
        status: 'key',
        total: 'integer',
        done: 'integer',
        failed: 'integer',
        place: 'text',
        created_by: 'text',
        created_at: 'integer',
        updated_at: 'integer',
      })} WHERE v.id IS NOT NULL ${sql.ignoreExisting(t.bulk_actions, 'namespace')}`,
    one: `SELECT ${columns} FROM ${t.bulk_actions} WHERE namespace = :namespace AND id = :id`,
    open: `SELECT ${columns} FROM ${t.bulk_actions}
      WHERE namespace = :namespace AND status = 'running' ORDER BY created_at, id`,
    lock: `SELECT place, status FROM ${t.bulk_actions} WHERE namespace = :namespace AND id = :id FOR UPDATE`,
    save: `UPDATE ${t.bulk_actions} SET status = :status, total = :total, done = :done, failed = :failed,
        place = :cursor, updated_at = :updatedAt
      WHERE namespace = :namespace AND id = :id`,
  }
}

function bulkObject({ id, kind, filter, status, total, done, failed, cursor, by, createdAt, updatedAt }: BulkAction) {
  const times = { created_at: createdAt, updated_at: updatedAt }
  return { id, kind, filter, status, total, done, failed, place: cursor, created_by: by, ...times }
}

function bulkRowOf(found: object): BulkRow {
  return readNumbers<BulkRow>(found, ['total', 'done', 'failed', 'created_at', 'updated_at'])
}
