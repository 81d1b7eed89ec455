import type { Migration } from '@escapement/db'
import type { TableNames } from '../table-names.ts'

/**
 * The tables of jobs and executions on SQLite, in migrations that only add (rule 8). Instants are Unix milliseconds;
 * flags are 0 or 1; names and keys compare by their bytes, which is SQLite's default collation.
 */
export function sqliteMigrations(t: TableNames): readonly Migration[] {
  return [
    {
      version: 1,
      minCompatible: 1,
      steps: [definitions(t), executions(t), history(t), upkeep(t)].map((step) => step.join(';\n')),
    },
  ]
}

function definitions(t: TableNames): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${t.jobs} (
       namespace TEXT NOT NULL,
       name TEXT NOT NULL,
       revision INTEGER NOT NULL,
       planned_until INTEGER NOT NULL,
       next_tick_at INTEGER,
       first_registered_at INTEGER NOT NULL,
       pauses TEXT NOT NULL DEFAULT '[]',
       absent_since INTEGER,
       retired_at INTEGER,
       queue TEXT NOT NULL,
       labels TEXT NOT NULL DEFAULT '[]',
       overlap TEXT NOT NULL,
       on_interrupt TEXT NOT NULL,
       retry_until TEXT NOT NULL,
       is_system INTEGER NOT NULL,
       PRIMARY KEY (namespace, name)
     ) STRICT, WITHOUT ROWID`,
    // The planner's seek: what is due costs the same however many jobs are not.
    `CREATE INDEX IF NOT EXISTS ${t.jobs}_due ON ${t.jobs} (namespace, next_tick_at, name)
       WHERE next_tick_at IS NOT NULL AND absent_since IS NULL AND retired_at IS NULL`,
    `CREATE TABLE IF NOT EXISTS ${t.job_revisions} (
       namespace TEXT NOT NULL,
       job TEXT NOT NULL,
       revision INTEGER NOT NULL,
       hash TEXT NOT NULL,
       spec TEXT NOT NULL,
       version INTEGER,
       effective_from INTEGER NOT NULL,
       effective_until INTEGER,
       PRIMARY KEY (namespace, job, revision)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS ${t.instances} (
       namespace TEXT NOT NULL,
       id TEXT NOT NULL,
       name TEXT NOT NULL,
       version INTEGER,
       started_at INTEGER NOT NULL,
       heartbeat_at INTEGER NOT NULL,
       lease_ms INTEGER NOT NULL,
       lease_until INTEGER NOT NULL,
       claim_token INTEGER NOT NULL DEFAULT 0,
       dead_at INTEGER,
       is_gone INTEGER NOT NULL DEFAULT 0,
       PRIMARY KEY (namespace, id)
     ) STRICT, WITHOUT ROWID`,
    // Dead ids are remembered for long: whoever looks for the living, or for what the dead have left, must not pass them.
    `CREATE INDEX IF NOT EXISTS ${t.instances}_live ON ${t.instances} (namespace) WHERE dead_at IS NULL`,
    `CREATE INDEX IF NOT EXISTS ${t.instances}_going ON ${t.instances} (namespace) WHERE dead_at IS NOT NULL AND is_gone = 0`,
    `CREATE TABLE IF NOT EXISTS ${t.handlers} (
       namespace TEXT NOT NULL,
       job TEXT NOT NULL,
       instance TEXT NOT NULL,
       hash TEXT NOT NULL,
       PRIMARY KEY (namespace, job, instance)
     ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${t.handlers}_instance ON ${t.handlers} (namespace, instance)`,
    `CREATE TABLE IF NOT EXISTS ${t.queues} (
       namespace TEXT NOT NULL,
       name TEXT NOT NULL,
       cluster_limit INTEGER,
       pauses TEXT NOT NULL DEFAULT '[]',
       PRIMARY KEY (namespace, name)
     ) STRICT, WITHOUT ROWID`,
  ]
}

function executions(t: TableNames): string[] {
  const on = (name: string, columns: string, where?: string): string =>
    `CREATE INDEX IF NOT EXISTS ${t.executions}_${name} ON ${t.executions} (namespace, ${columns})${where === undefined ? '' : ` WHERE ${where}`}`
  const unique = (...args: Parameters<typeof on>): string => on(...args).replace('INDEX', 'UNIQUE INDEX')
  return [
    // `is_ledger`: it stands for a tick in the ledger. `is_tick`: a pause holds it back, being a tick or its replacement.
    // `is_kept`: settled, and only a limit on the number of settled ones keeps it. `is_judged`: its overlap and pause were judged; `is_catch_up`: by the planner, after the fact.
    `CREATE TABLE IF NOT EXISTS ${t.executions} (
       seq INTEGER PRIMARY KEY,
       namespace TEXT NOT NULL,
       id TEXT NOT NULL,
       job TEXT NOT NULL,
       revision INTEGER NOT NULL,
       origin TEXT NOT NULL,
       dedupe_key TEXT,
       status TEXT NOT NULL,
       reason TEXT,
       queue TEXT NOT NULL,
       priority INTEGER NOT NULL,
       scheduled_for INTEGER NOT NULL,
       due_at INTEGER NOT NULL,
       expires_at INTEGER,
       created_at INTEGER NOT NULL,
       claimed_at INTEGER,
       started_at INTEGER,
       finished_at INTEGER,
       abandoned_at INTEGER,
       instance TEXT,
       claim_token INTEGER,
       fence INTEGER NOT NULL DEFAULT 0,
       attempt INTEGER NOT NULL DEFAULT 0,
       retries INTEGER NOT NULL DEFAULT 0,
       interruptions INTEGER NOT NULL DEFAULT 0,
       is_ledger INTEGER NOT NULL,
       is_tick INTEGER NOT NULL,
       is_judged INTEGER NOT NULL,
       is_catch_up INTEGER NOT NULL,
       was_interrupted INTEGER NOT NULL DEFAULT 0,
       is_kept INTEGER NOT NULL DEFAULT 0,
       is_exclusive INTEGER NOT NULL,
       if_open TEXT NOT NULL,
       open_key TEXT,
       concurrency_key TEXT NOT NULL DEFAULT '',
       concurrency_limit INTEGER,
       missed TEXT,
       input TEXT,
       output TEXT,
       error TEXT,
       progress INTEGER,
       created_by TEXT,
       cancel_requested_at INTEGER,
       cancel_requested_by TEXT,
       replaces TEXT,
       traceparent TEXT
     ) STRICT`,
    unique('id', 'id'),
    // Rule 1: one execution for one identity; any number without one.
    unique('dedupe', 'dedupe_key, job', 'dedupe_key IS NOT NULL'),
    // The claim's scan: everything that decides whether a row can be taken is in the index, so that a row that cannot
    // costs no look at the table.
    on(
      'due',
      'queue, priority DESC, due_at, seq, job, is_tick, is_exclusive, concurrency_key, concurrency_limit, was_interrupted',
      "status = 'scheduled' AND is_judged = 1",
    ),
    // The claim's second look: lane by lane (job and concurrency key), past any number of rows that have to wait.
    on('waiting', 'job, concurrency_key, priority DESC, due_at', "status = 'scheduled' AND is_judged = 1"),
    on('unjudged', 'is_ledger, due_at, job, queue', "status = 'scheduled' AND is_judged = 0"),
    on('expiring', 'expires_at', "status = 'scheduled' AND is_judged = 1 AND attempt = 0 AND expires_at IS NOT NULL"),
    on('skippable', 'due_at, job', "status = 'scheduled' AND if_open = 'skip'"),
    // What each instance holds: for recovery, heartbeats and limits.
    on('held', 'instance, queue, abandoned_at, status', "status IN ('claimed', 'running')"),
    on('keyed', 'job, concurrency_key', "status IN ('claimed', 'running') AND concurrency_key <> ''"),
    // Rule 12: at most one open execution of an exclusive job ('<job>'); beside it stand those that began before it was
    // exclusive ('<job>#<id>').
    unique('open', 'open_key', 'open_key IS NOT NULL'),
    // Pages.
    on('page', 'scheduled_for, id'),
    on('job_page', 'job, is_ledger, scheduled_for, id'),
    on('unsettled_page', 'scheduled_for, id', 'finished_at IS NULL'),
    on('rare_page', 'status, scheduled_for, id', "status IN ('failed', 'timed_out', 'cancelled', 'skipped')"),
    on('job_rare_page', 'job, status, scheduled_for, id', "status IN ('failed', 'timed_out', 'cancelled', 'skipped')"),
    // Retention.
    on('kept', 'job, finished_at, seq', 'is_kept = 1'),
    on('finished', 'finished_at', 'finished_at IS NOT NULL'),
  ]
}

function history(t: TableNames): string[] {
  return [
    // Not of an attempt that ended its execution by success, without a log: the execution is its record.
    `CREATE TABLE IF NOT EXISTS ${t.attempts} (
       execution_seq INTEGER NOT NULL REFERENCES ${t.executions} (seq) ON DELETE CASCADE,
       number INTEGER NOT NULL,
       instance TEXT NOT NULL,
       fence INTEGER NOT NULL,
       claimed_at INTEGER NOT NULL,
       started_at INTEGER,
       finished_at INTEGER NOT NULL,
       outcome TEXT NOT NULL,
       error TEXT,
       log TEXT,
       PRIMARY KEY (execution_seq, number)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS ${t.spans} (
       namespace TEXT NOT NULL,
       job TEXT NOT NULL,
       from_at INTEGER NOT NULL,
       to_at INTEGER NOT NULL,
       revision INTEGER NOT NULL,
       count INTEGER NOT NULL,
       reason TEXT NOT NULL,
       PRIMARY KEY (namespace, job, from_at, reason)
     ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${t.spans}_end ON ${t.spans} (namespace, to_at)`,
    // `width`: how long the bucket is, milliseconds. `instance` is empty for what was folded or belongs to none.
    `CREATE TABLE IF NOT EXISTS ${t.stats} (
       namespace TEXT NOT NULL,
       job TEXT NOT NULL,
       bucket INTEGER NOT NULL,
       width INTEGER NOT NULL,
       instance TEXT NOT NULL,
       succeeded INTEGER NOT NULL,
       failed INTEGER NOT NULL,
       timed_out INTEGER NOT NULL,
       cancelled INTEGER NOT NULL,
       retries INTEGER NOT NULL,
       interruptions INTEGER NOT NULL,
       duration_sum_ms INTEGER NOT NULL,
       lateness_sum_ms INTEGER NOT NULL,
       duration TEXT NOT NULL,
       lateness TEXT NOT NULL,
       PRIMARY KEY (namespace, job, bucket, width, instance)
     ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX IF NOT EXISTS ${t.stats}_bucket ON ${t.stats} (namespace, width, bucket)`,
    `CREATE INDEX IF NOT EXISTS ${t.stats}_instance ON ${t.stats} (namespace, instance) WHERE instance <> ''`,
  ]
}

function upkeep(t: TableNames): string[] {
  return [
    // Rule 16: counters by guard key; they only grow.
    `CREATE TABLE IF NOT EXISTS ${t.fences} (
       namespace TEXT NOT NULL,
       key TEXT NOT NULL,
       fence INTEGER NOT NULL,
       PRIMARY KEY (namespace, key)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS ${t.settings} (
       namespace TEXT NOT NULL,
       key TEXT NOT NULL,
       value TEXT NOT NULL,
       PRIMARY KEY (namespace, key)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS ${t.bulk_actions} (
       namespace TEXT NOT NULL,
       id TEXT NOT NULL,
       kind TEXT NOT NULL,
       filter TEXT NOT NULL,
       status TEXT NOT NULL,
       total INTEGER NOT NULL,
       done INTEGER NOT NULL,
       failed INTEGER NOT NULL,
       cursor TEXT,
       created_by TEXT,
       created_at INTEGER NOT NULL,
       updated_at INTEGER NOT NULL,
       PRIMARY KEY (namespace, id)
     ) STRICT, WITHOUT ROWID`,
  ]
}
