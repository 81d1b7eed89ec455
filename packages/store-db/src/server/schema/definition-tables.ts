import type { ColumnTypes } from './column-types.ts'
import { generated, type Table } from './table.ts'

/** Jobs, who can run them, and where. */
export function definitionTables(t: ColumnTypes): readonly Table[] {
  return [
    {
      name: 'jobs',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `name ${t.name} NOT NULL`,
        'revision INTEGER NOT NULL',
        'planned_until BIGINT NOT NULL',
        'next_tick_at BIGINT',
        'first_registered_at BIGINT NOT NULL',
        `pauses ${t.emptyList}`,
        'absent_since BIGINT',
        'retired_at BIGINT',
        `queue ${t.name} NOT NULL`,
        `labels ${t.text} NOT NULL`,
        `overlap ${t.name} NOT NULL`,
        `on_interrupt ${t.name} NOT NULL`,
        `retry_until ${t.name} NOT NULL`,
        'is_system SMALLINT NOT NULL',
        generated('plan_at', 'BIGINT', 'absent_since IS NULL AND retired_at IS NULL', 'next_tick_at'),
        'PRIMARY KEY (namespace, name)',
      ],
      // The planner's seek: what is due costs the same however many jobs are not.
      indexes: [{ name: 'due', columns: 'namespace, plan_at, name', unlessNull: 'plan_at' }],
      // The cursor of a job that is due each second is written each second.
      storage: { fillfactor: 70, autovacuum_vacuum_scale_factor: 0.05 },
    },
    {
      name: 'job_revisions',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `job ${t.name} NOT NULL`,
        'revision INTEGER NOT NULL',
        `hash ${t.name} NOT NULL`,
        `spec ${t.text} NOT NULL`,
        'version BIGINT',
        'effective_from BIGINT NOT NULL',
        'effective_until BIGINT',
        'PRIMARY KEY (namespace, job, revision)',
      ],
      indexes: [],
    },
    {
      name: 'instances',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `id ${t.name} NOT NULL`,
        `name ${t.text} NOT NULL`,
        'version BIGINT',
        'started_at BIGINT NOT NULL',
        'heartbeat_at BIGINT NOT NULL',
        'lease_ms BIGINT NOT NULL',
        'lease_until BIGINT NOT NULL',
        'claim_token BIGINT NOT NULL DEFAULT 0',
        'dead_at BIGINT',
        'is_gone SMALLINT NOT NULL DEFAULT 0',
        'PRIMARY KEY (namespace, id)',
      ],
      // Dead ids are remembered for long: whoever looks for the living (`dead_at` null), or for what the dead have left,
      // must not pass them.
      indexes: [{ name: 'living', columns: 'namespace, is_gone, dead_at' }],
      // No index has what heartbeats and claims change: with room on the page a new version needs no entry in any.
      storage: { fillfactor: 30, autovacuum_vacuum_scale_factor: 0, autovacuum_vacuum_threshold: 200 },
    },
    {
      name: 'handlers',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `job ${t.name} NOT NULL`,
        `instance ${t.name} NOT NULL`,
        `hash ${t.name} NOT NULL`,
        'PRIMARY KEY (namespace, job, instance)',
      ],
      indexes: [{ name: 'instance', columns: 'namespace, instance' }],
    },
    {
      name: 'queues',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `name ${t.name} NOT NULL`,
        'cluster_limit BIGINT',
        `pauses ${t.emptyList}`,
        'PRIMARY KEY (namespace, name)',
      ],
      indexes: [],
    },
  ]
}
