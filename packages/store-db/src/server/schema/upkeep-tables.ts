import type { ColumnTypes } from './column-types.ts'
import type { Table } from './table.ts'

/** Counters, settings, actions over many executions. Where SQLite has `key` and `cursor`, MySQL has words of its own. */
export function upkeepTables(t: ColumnTypes): readonly Table[] {
  return [
    {
      // Rule 16: counters by guard key; they only grow.
      name: 'fences',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `guard_key ${t.key} NOT NULL`,
        'fence BIGINT NOT NULL',
        'PRIMARY KEY (namespace, guard_key)',
      ],
      indexes: [],
      storage: { fillfactor: 50, autovacuum_vacuum_scale_factor: 0.05, autovacuum_vacuum_cost_delay: 0 },
    },
    {
      name: 'settings',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `name ${t.name} NOT NULL`,
        `value ${t.text} NOT NULL`,
        'PRIMARY KEY (namespace, name)',
      ],
      indexes: [],
    },
    {
      name: 'bulk_actions',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `id ${t.name} NOT NULL`,
        `kind ${t.name} NOT NULL`,
        `filter ${t.text} NOT NULL`,
        `status ${t.name} NOT NULL`,
        'total BIGINT NOT NULL',
        'done BIGINT NOT NULL',
        'failed BIGINT NOT NULL',
        `place ${t.text}`,
        `created_by ${t.text}`,
        'created_at BIGINT NOT NULL',
        'updated_at BIGINT NOT NULL',
        'PRIMARY KEY (namespace, id)',
      ],
      indexes: [{ name: 'open', columns: 'namespace, status, created_at, id' }],
    },
  ]
}
