import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { openPlace } from '../harness/store-place.ts'
import { JOBS, SPAN_MS } from './seeded-file.ts'

const HOUR_MS = 3_600_000
/** As many rows as five digits can number. */
const CHUNK = 100_000
const NUMBERS = 'bench_numbers'

/** What MariaDB is given to hold tables in memory, of which a million executions with their statistics are 0.8 GB. */
export const MARIADB_CACHE_BYTES: number = 2 * 1024 ** 3

/** Runs a statement on one session. */
type Run = (sql: string) => Promise<unknown>

/** Fills a new database with the same history as `seedHistory`, by statements that PostgreSQL and MariaDB both know. */
export async function seedServer(kind: 'postgres' | 'mariadb', url: string, count: number, now: number): Promise<void> {
  {
    await using placed = openPlace({ kind, url })
    await placed.store.open() // makes the tables
  }
  await (kind === 'postgres' ? onPostgres : onMariadb)(url, (run) => fill(run, count, now))
}

async function onPostgres(url: string, work: (run: Run) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('SET synchronous_commit = off') // only while it is filled
  await work((sql) => client.query(sql))
  // What autovacuum would do in a while.
  await client.query('VACUUM ANALYZE')
  await client.end()
}

async function onMariadb(url: string, work: (run: Run) => Promise<void>): Promise<void> {
  const connection = await createConnection(url)
  // It reads past the cache of the operating system, so that its own has to hold what is read; by default it has 128 MB.
  await connection.query(`SET GLOBAL innodb_buffer_pool_size = ${MARIADB_CACHE_BYTES}`)
  await work((sql) => connection.query(sql))
  for (const table of ['executions', 'attempts', 'stats']) await connection.query(`ANALYZE TABLE escapement_${table}`)
  await connection.end()
}

async function fill(run: Run, count: number, now: number): Promise<void> {
  await makeNumbers(run)
  for (let first = 0; first < count; first += CHUNK) {
    await run(executionsSql(first, Math.min(CHUNK, count - first), now - SPAN_MS, SPAN_MS / count))
  }
  await run(
    `INSERT INTO escapement_attempts (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome, error)
     SELECT seq, 1, instance, fence, claimed_at, started_at, finished_at, status, error FROM escapement_executions
     WHERE status <> 'succeeded'`,
  )
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS
  const share = Math.min(1, count / 1_000_000) // fewer executions have statistics of a shorter time
  const dayAgo = hour - Math.ceil(24 * share) * HOUR_MS
  await run(statisticsSql(hour - Math.ceil(30 * 24 * share) * HOUR_MS, dayAgo, HOUR_MS))
  await run(statisticsSql(dayAgo, hour, 60_000))
  // The row of an empty name holds the numbers of all jobs together.
  await run(
    `INSERT INTO escapement_stats (${STATISTICS})
     SELECT namespace, '', bucket, width, instance, SUM(succeeded), SUM(failed), 0, 0, 0, 0, SUM(duration_sum_ms),
       SUM(lateness_sum_ms), MIN(duration), MIN(lateness) FROM escapement_stats GROUP BY namespace, bucket, width, instance`,
  )
  await run(`DROP TABLE ${NUMBERS}`)
}

/** A table of the numbers from 0 on, as the two servers have no function for it in common. */
async function makeNumbers(run: Run): Promise<void> {
  const digits = `(${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ')})`
  const places = ['a', 'b', 'c', 'd', 'e']
  const n = places.map((place, power) => `${place}.d * ${10 ** power}`).join(' + ')
  await run(`CREATE TABLE ${NUMBERS} (n INTEGER PRIMARY KEY)`)
  await run(
    `INSERT INTO ${NUMBERS} SELECT ${n} FROM ${places.map((place) => `${digits} ${place}`).join(' CROSS JOIN ')}`,
  )
}

/** Each 40th failed, each 100th timed out, each 200th was cancelled; the others succeeded. */
function executionsSql(first: number, count: number, from: number, stepMs: number): string {
  return `
    INSERT INTO escapement_executions (namespace, id, job, revision, origin, dedupe_key, status, reason, queue, priority,
      scheduled_for, due_at, created_at, claimed_at, started_at, finished_at, instance, fence, attempt, is_ledger, is_tick,
      is_exclusive, concurrency_key, input, output, error)
    SELECT 'default', CONCAT('0000-', LPAD(CONCAT(n), 12, '0')), CONCAT('bench.job-', LPAD(CONCAT(n * 7 % ${JOBS}), 3, '0')), 1,
      CASE n % 4 WHEN 0 THEN 'enqueued' ELSE 'tick' END, CASE n % 4 WHEN 0 THEN NULL ELSE CONCAT('tick:', scheduled_for) END,
      CASE WHEN n % 200 = 3 THEN 'cancelled' WHEN n % 100 = 2 THEN 'timed_out' WHEN n % 40 = 1 THEN 'failed' ELSE 'succeeded' END,
      CASE WHEN n % 200 = 3 THEN NULL WHEN n % 100 = 2 THEN 'exhausted' WHEN n % 40 = 1 THEN 'exhausted' END,
      CONCAT('queue-', n % 5), 0, scheduled_for, scheduled_for, scheduled_for - 15000, scheduled_for + 2, scheduled_for + 3,
      scheduled_for + 3 + n % 977, CONCAT('instance-', n % 3), scheduled_for * 1000, 1, CASE n % 4 WHEN 0 THEN 0 ELSE 1 END,
      CASE n % 4 WHEN 0 THEN 0 ELSE 1 END, 1, '', CONCAT('{"tenant":', n % 1000, '}'), CONCAT('{"expired":', n % 7, '}'),
      CASE n % 40 WHEN 1 THEN CONCAT('{"name":"Error","message":"upstream answered ', 500 + n % 4, '"}') END
    FROM (SELECT n + ${first} AS n, ${from} + FLOOR((n + ${first}) * ${stepMs.toFixed(3)}) AS scheduled_for
      FROM ${NUMBERS} WHERE n < ${count}) AS times
    ORDER BY n`
}

const STATISTICS = `namespace, job, bucket, width, instance, succeeded, failed, timed_out, cancelled, retries, interruptions,
  duration_sum_ms, lateness_sum_ms, duration, lateness`

/** By the minute for the last day, by the hour before, as upkeep leaves it. */
function statisticsSql(from: number, to: number, widthMs: number): string {
  return `INSERT INTO escapement_stats (${STATISTICS})
    SELECT 'default', CONCAT('bench.job-', LPAD(CONCAT(jobs.n), 3, '0')), ${from} + buckets.n * ${widthMs.toFixed(1)}, ${widthMs},
      '', 6, 1, 0, 0, 0, 0, 3400, 21, '{"54":2,"61":2,"66":2,"70":1}', '{"12":5,"15":2}'
    FROM ${NUMBERS} AS buckets CROSS JOIN ${NUMBERS} AS jobs WHERE buckets.n < ${(to - from) / widthMs} AND jobs.n < ${JOBS}`
}
