import type { UpkeepStore } from '@escapement/core'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'

/** Values that may change while everything runs, on a server. */
export function storedSettings(context: ServerContext): Pick<UpkeepStore, 'settings' | 'saveSettings'> {
  const { tables: t, sql } = context
  const made = statements({
    read: `SELECT value FROM ${t.settings} WHERE namespace = :namespace AND name = 'retentionMs'`,
    save: `INSERT INTO ${t.settings} (namespace, name, value) VALUES (:namespace, 'retentionMs', :value)
      ${sql.updateExisting('namespace, name', [`value = ${sql.given('value')}`])}`,
  })
  return {
    async settings(namespace) {
      const { rows } = await context.run<{ value: string }>(made.read, { namespace })
      const [row] = rows
      return row === undefined ? null : { retentionMs: Number(row.value) }
    },

    async saveSettings(namespace, { retentionMs }) {
      await context.run(made.save, { namespace, value: String(retentionMs) })
    },
  }
}
