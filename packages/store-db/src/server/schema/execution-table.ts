import type { ColumnTypes } from './column-types.ts'
import { generated, type Table } from './table.ts'

const IS_RARE = "status IN ('failed', 'timed_out', 'cancelled', 'skipped')"

/**
 * Executions: what is asked for, and the verdict. What changes in between is in `unsettled`, so that a row is written
 * twice, whatever happens to it: when it is made and when it is settled.
 */
export function executionTable(t: ColumnTypes): Table {
  return {
    name: 'executions',
    // `is_ledger`: it stands for a tick in the ledger. `is_tick`: a pause holds it back, being a tick or its replacement.
    // `is_kept`: settled, and only a limit on the number of settled ones keeps it.
    columns: [
      `seq ${t.sequence}`,
      `namespace ${t.name} NOT NULL`,
      `id ${t.name} NOT NULL`,
      `job ${t.name} NOT NULL`,
      'revision INTEGER NOT NULL',
      `origin ${t.name} NOT NULL`,
      `dedupe_key ${t.key}`,
      `status ${t.name} NOT NULL`,
      `reason ${t.name}`,
      `queue ${t.name} NOT NULL`,
      'priority INTEGER NOT NULL',
      'scheduled_for BIGINT NOT NULL',
      'due_at BIGINT NOT NULL',
      'expires_at BIGINT',
      'created_at BIGINT NOT NULL',
      'claimed_at BIGINT',
      'started_at BIGINT',
      'finished_at BIGINT',
      'abandoned_at BIGINT',
      `instance ${t.name}`,
      'fence BIGINT NOT NULL DEFAULT 0',
      'attempt INTEGER NOT NULL DEFAULT 0',
      'retries INTEGER NOT NULL DEFAULT 0',
      'interruptions INTEGER NOT NULL DEFAULT 0',
      'is_ledger SMALLINT NOT NULL',
      'is_tick SMALLINT NOT NULL',
      'is_kept SMALLINT NOT NULL DEFAULT 0',
      'is_exclusive SMALLINT NOT NULL',
      `concurrency_key ${t.key} NOT NULL`,
      'concurrency_limit INTEGER',
      `missed ${t.text}`,
      `input ${t.text}`,
      `output ${t.text}`,
      `error ${t.text}`,
      'progress SMALLINT',
      `created_by ${t.text}`,
      'cancel_requested_at BIGINT',
      `cancel_requested_by ${t.text}`,
      `replaces ${t.name}`,
      `traceparent ${t.text}`,
      generated('rare_status', t.name, IS_RARE, 'status'),
      generated('kept_at', 'BIGINT', 'is_kept = 1', 'finished_at'),
    ],
    // None has what a success changes: PostgreSQL then writes the new version of a row beside the old one and leaves all
    // indexes alone.
    indexes: [
      // Pages. Retention goes by the first, too.
      { name: 'page', columns: 'namespace, scheduled_for, id' },
      { name: 'job_page', columns: 'namespace, job, is_ledger, scheduled_for, id' },
      { name: 'rare_page', columns: 'namespace, rare_status, scheduled_for, id', unlessNull: 'rare_status' },
      { name: 'job_rare_page', columns: 'namespace, job, rare_status, scheduled_for, id', unlessNull: 'rare_status' },
      { name: 'kept', columns: 'namespace, job, kept_at, seq', unlessNull: 'kept_at' },
      // Last: while a table is tiny, the indexes above look as good a way to a row, and PostgreSQL then takes the newest.
      // Rule 1: one execution for one identity; any number without one.
      { name: 'dedupe', columns: 'namespace, dedupe_key, job', isUnique: true, unlessNull: 'dedupe_key' },
      { name: 'id', columns: 'namespace, id', isUnique: true },
    ],
    // Rows are settled a batch at a time, so half of each page is left for their new versions.
    storage: {
      fillfactor: 50,
      autovacuum_vacuum_scale_factor: 0.05,
      autovacuum_analyze_scale_factor: 0.02,
      autovacuum_vacuum_cost_delay: 0,
    },
  }
}
