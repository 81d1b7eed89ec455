import type { ColumnTypes } from './column-types.ts'
import { generated, type Table } from './table.ts'

const WAITS = "status = 'scheduled' AND is_judged = 1"
const IS_UNJUDGED = "status = 'scheduled' AND is_judged = 0"
const IS_HELD = "status IN ('claimed', 'running')"

/**
 * Beside each execution without a verdict, all that queues and owners change of it: claims look here, and only here. Its
 * lock is the lock of the execution. The row goes when the execution is settled, and what it says then goes to the
 * execution; until then it is this row that counts.
 */
export function unsettledTable(t: ColumnTypes): Table {
  return {
    name: 'unsettled',
    // `is_judged`: its overlap and pause were judged; `is_catch_up`: by the planner, after the fact.
    // `open_key`: see the index `open`.
    columns: [
      'seq BIGINT PRIMARY KEY',
      `namespace ${t.name} NOT NULL`,
      `id ${t.name} NOT NULL`,
      `job ${t.name} NOT NULL`,
      'revision INTEGER NOT NULL',
      `dedupe_key ${t.key}`,
      `status ${t.name} NOT NULL`,
      `queue ${t.name} NOT NULL`,
      'priority INTEGER NOT NULL',
      'scheduled_for BIGINT NOT NULL',
      'due_at BIGINT NOT NULL',
      'expires_at BIGINT',
      'claimed_at BIGINT',
      'started_at BIGINT',
      'abandoned_at BIGINT',
      `instance ${t.name}`,
      'claim_token BIGINT',
      'fence BIGINT NOT NULL DEFAULT 0',
      'attempt INTEGER NOT NULL DEFAULT 0',
      'retries INTEGER NOT NULL DEFAULT 0',
      'interruptions INTEGER NOT NULL DEFAULT 0',
      'is_ledger SMALLINT NOT NULL',
      'is_tick SMALLINT NOT NULL',
      'is_judged SMALLINT NOT NULL',
      'is_catch_up SMALLINT NOT NULL',
      'was_interrupted SMALLINT NOT NULL DEFAULT 0',
      'is_exclusive SMALLINT NOT NULL',
      `if_open ${t.name} NOT NULL`,
      `open_key ${t.key}`,
      `concurrency_key ${t.key} NOT NULL`,
      'concurrency_limit INTEGER',
      `missed ${t.text}`,
      'progress SMALLINT',
      `created_by ${t.text}`,
      'cancel_requested_at BIGINT',
      `cancel_requested_by ${t.text}`,
      `traceparent ${t.text}`,
      generated('waiting_queue', t.name, WAITS, 'queue'),
      generated('waiting_job', t.name, WAITS, 'job'),
      generated('unjudged_at', 'BIGINT', IS_UNJUDGED, 'due_at'),
      generated('expiring_at', 'BIGINT', `${WAITS} AND attempt = 0`, 'expires_at'),
      generated('skippable_at', 'BIGINT', "status = 'scheduled' AND if_open = 'skip'", 'due_at'),
      generated('held_by', t.name, IS_HELD, 'instance'),
      generated('held_key', t.key, `${IS_HELD} AND concurrency_key <> ''`, 'concurrency_key'),
    ],
    indexes: [
      // The claim's scan: everything that decides whether a row can be taken is in the index, so that a row that cannot
      // costs no look at the table.
      {
        name: 'due',
        columns:
          'namespace, waiting_queue, priority DESC, due_at, seq, job, is_tick, is_exclusive, concurrency_key, concurrency_limit, was_interrupted',
        unlessNull: 'waiting_queue',
      },
      // The claim's second look: lane by lane (job and concurrency key), past any number of rows that have to wait.
      {
        name: 'waiting',
        columns: 'namespace, waiting_job, concurrency_key, priority DESC, due_at',
        unlessNull: 'waiting_job',
      },
      { name: 'unjudged', columns: 'namespace, is_ledger, unjudged_at, job, queue', unlessNull: 'unjudged_at' },
      { name: 'expiring', columns: 'namespace, expiring_at', unlessNull: 'expiring_at' },
      { name: 'skippable', columns: 'namespace, skippable_at, job', unlessNull: 'skippable_at' },
      // What each instance holds: for recovery, limits, and heartbeats, which begin at the oldest claim that is not over.
      // A start or a report changes nothing in it, so that PostgreSQL writes the new version beside the old one.
      { name: 'held', columns: 'namespace, held_by, claim_token, queue, abandoned_at', unlessNull: 'held_by' },
      { name: 'keyed', columns: 'namespace, job, held_key', unlessNull: 'held_key' },
      // Rule 12: at most one open execution of an exclusive job ('<job>'); beside it stand those that began before it was
      // exclusive ('<job>#<id>').
      { name: 'open', columns: 'namespace, open_key', isUnique: true, unlessNull: 'open_key' },
      // Pages of what waits; of what is held there is little.
      { name: 'page', columns: 'namespace, scheduled_for, id', whileNull: 'held_by' },
    ],
    // Small, and all of it changes: cleaned often and without pauses, since claims step over what is dead.
    storage: {
      fillfactor: 70,
      autovacuum_vacuum_scale_factor: 0.01,
      autovacuum_analyze_scale_factor: 0.1,
      autovacuum_vacuum_cost_delay: 0,
    },
  }
}
