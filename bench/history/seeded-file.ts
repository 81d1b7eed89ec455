import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '@escapement/store-db'

export const JOBS: number = 200
/** The seeded executions lie evenly over this long before now. Milliseconds. */
export const SPAN_MS: number = 30 * 86_400_000
const HOUR_MS = 3_600_000
const CHUNK = 50_000

/** Fills a new file with `count` settled executions of {@link JOBS} jobs over the last 30 days, with attempts and statistics. */
export async function seedHistory(path: string, count: number, now: number): Promise<void> {
  const store = sqliteStore(path)
  await store.open()
  await store.close()
  const database = new DatabaseSync(path)
  // Only while it is filled; nobody else has it open.
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  const from = now - SPAN_MS
  const executions = database.prepare(executionsSql(count))
  const attempts = database.prepare(
    `INSERT INTO escapement_attempts (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome, error)
     SELECT seq, 1, instance, fence, claimed_at, started_at, finished_at, status, error
     FROM escapement_executions WHERE seq > ? AND seq <= ? AND status <> 'succeeded'`,
  )
  for (let first = 0; first < count; first += CHUNK) {
    const last = Math.min(count, first + CHUNK)
    database.exec('BEGIN')
    executions.run({ first, last, from })
    attempts.run(first, last)
    database.exec('COMMIT')
  }
  seedStatistics(database, now)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}

/** Each 40th failed, each 100th timed out, each 200th was cancelled; the others succeeded. */
function executionsSql(count: number): string {
  return `
    WITH RECURSIVE
      numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :last),
      times AS (SELECT n, CAST(:from + n * ${SPAN_MS / count} AS INTEGER) AS at FROM numbers)
    INSERT INTO escapement_executions (namespace, id, job, revision, origin, dedupe_key, status, reason, queue, priority,
      scheduled_for, due_at, created_at, claimed_at, started_at, finished_at, instance, claim_token, fence, attempt,
      is_ledger, is_tick, is_judged, is_catch_up, is_exclusive, if_open, input, output, error)
    SELECT 'default', printf('%08x-%04x-7%03x-8000-%012x', at / 65536, at % 65536, n % 4096, n),
      printf('bench.job-%03d', n * 7 % ${JOBS}), 1, iif(n % 4 = 0, 'enqueued', 'tick'), iif(n % 4 = 0, NULL, 'tick:' || at),
      CASE WHEN n % 200 = 3 THEN 'cancelled' WHEN n % 100 = 2 THEN 'timed_out' WHEN n % 40 = 1 THEN 'failed' ELSE 'succeeded' END,
      CASE WHEN n % 200 = 3 THEN NULL WHEN n % 100 = 2 THEN 'exhausted' WHEN n % 40 = 1 THEN 'exhausted' END,
      printf('queue-%d', n % 5), 0, at, at, at - 15000, at + 2, at + 3, at + 3 + n % 977, 'instance-' || n % 3, n, at * 1000, 1,
      n % 4 <> 0, n % 4 <> 0, 1, 0, 1, 'wait', '{"tenant":' || n % 1000 || '}', '{"expired":' || n % 7 || '}',
      iif(n % 40 = 1, '{"name":"Error","message":"upstream answered ' || (500 + n % 4) || '"}', NULL)
    FROM times`
}

/** By the minute for the last day, by the hour before, as upkeep leaves it. */
function seedStatistics(database: DatabaseSync, now: number): void {
  const insert = database.prepare(
    `WITH RECURSIVE buckets (at) AS (SELECT :from UNION ALL SELECT at + :step FROM buckets WHERE at + :step < :to),
       jobs (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM jobs WHERE n + 1 < ${JOBS})
     INSERT INTO escapement_stats (namespace, job, bucket, width, instance, succeeded, failed, timed_out, cancelled, retries,
       interruptions, duration_sum_ms, lateness_sum_ms, duration, lateness)
     SELECT 'default', printf('bench.job-%03d', n), at, :width, '', 6, 1, 0, 0, 0, 0, 3400, 21,
       '{"54":2,"61":2,"66":2,"70":1}', '{"12":5,"15":2}'
     FROM buckets, jobs`,
  )
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS
  const dayAgo = hour - 24 * HOUR_MS
  // The row of an empty name holds the numbers of all jobs together.
  const together = database.prepare(
    `INSERT INTO escapement_stats
     SELECT namespace, '', bucket, width, instance, sum(succeeded), sum(failed), 0, 0, 0, 0, sum(duration_sum_ms),
       sum(lateness_sum_ms), duration, lateness FROM escapement_stats GROUP BY namespace, bucket, width, instance`,
  )
  database.exec('BEGIN')
  insert.run({ from: hour - 30 * 24 * HOUR_MS, to: dayAgo, step: HOUR_MS, width: HOUR_MS })
  insert.run({ from: dayAgo, to: hour, step: 60_000, width: 60_000 })
  together.run()
  database.exec('COMMIT')
}
