import type { ColumnTypes } from './column-types.ts'
import type { Table } from './table.ts'

/** What is left of executions and ticks. */
export function historyTables(t: ColumnTypes): readonly Table[] {
  return [
    {
      // No foreign key: on PostgreSQL it would look up the execution for each attempt of a batch, whose row the same
      // transaction has locked. Whoever removes an execution that was ever claimed removes its attempts.
      name: 'attempts',
      columns: [
        'execution_seq BIGINT NOT NULL',
        'number INTEGER NOT NULL',
        `instance ${t.name} NOT NULL`,
        'fence BIGINT NOT NULL',
        'claimed_at BIGINT NOT NULL',
        'started_at BIGINT',
        'finished_at BIGINT NOT NULL',
        `outcome ${t.name} NOT NULL`,
        `error ${t.text}`,
        `log ${t.text}`,
        'PRIMARY KEY (execution_seq, number)',
      ],
      indexes: [],
    },
    {
      name: 'spans',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `job ${t.name} NOT NULL`,
        'from_at BIGINT NOT NULL',
        'to_at BIGINT NOT NULL',
        'revision INTEGER NOT NULL',
        'count BIGINT NOT NULL',
        `reason ${t.name} NOT NULL`,
        'PRIMARY KEY (namespace, job, from_at, reason)',
      ],
      indexes: [{ name: 'end', columns: 'namespace, to_at' }],
    },
    {
      // `width`: how long the bucket is, milliseconds. `instance` is empty for what was folded or belongs to none.
      name: 'stats',
      columns: [
        `namespace ${t.name} NOT NULL`,
        `job ${t.name} NOT NULL`,
        'bucket BIGINT NOT NULL',
        'width BIGINT NOT NULL',
        `instance ${t.name} NOT NULL`,
        'succeeded BIGINT NOT NULL',
        'failed BIGINT NOT NULL',
        'timed_out BIGINT NOT NULL',
        'cancelled BIGINT NOT NULL',
        'retries BIGINT NOT NULL',
        'interruptions BIGINT NOT NULL',
        'duration_sum_ms BIGINT NOT NULL',
        'lateness_sum_ms BIGINT NOT NULL',
        `duration ${t.text} NOT NULL`,
        `lateness ${t.text} NOT NULL`,
        'PRIMARY KEY (namespace, job, bucket, width, instance)',
      ],
      indexes: [
        { name: 'instance', columns: 'namespace, instance' },
        { name: 'bucket', columns: 'namespace, width, bucket' },
      ],
      // Each settlement changes the rows of this minute, and nothing that an index has.
      storage: { fillfactor: 70, autovacuum_vacuum_scale_factor: 0.01, autovacuum_vacuum_cost_delay: 0 },
    },
  ]
}
