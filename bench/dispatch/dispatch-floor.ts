import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { systemRuntime } from '@escapement/base'
import { sqliteStore } from '@escapement/store-db'
import type { DispatchTimes } from './scheduler-dispatch.ts'

/** Rows in one INSERT transaction, as `enqueueMany` writes them. */
const ENQUEUE_BATCH = 1_000
/** As many as a scheduler at concurrency 20 may hold: 20 that run and 80 taken ahead. */
const CLAIM_BATCH = 100
const INSTANCE = 'floor'
const MINUTE_MS = 60_000

interface ClaimedRow {
  readonly seq: number
  readonly id: string
  readonly input: string
  readonly fence: number
  readonly attempt: number
  readonly due_at: number
}

interface StatisticsRow {
  readonly duration: string
  readonly lateness: string
}

/**
 * The least that enqueues and runs jobs that do nothing on the store's own tables: no checks, no events, no leases, no
 * second instance, but the same rows, the same indexes and the same durability. One transaction a batch, which settles
 * the batch before and claims the next.
 */
export async function dispatchFloor(path: string, count: number, history: 'all' | 'none'): Promise<DispatchTimes> {
  await using store = sqliteStore(path)
  await store.open()
  await store.close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON')
  try {
    const startedAt = performance.now()
    enqueue(database, count)
    const enqueuedAt = performance.now()
    await drain(database, history)
    return { enqueueMs: enqueuedAt - startedAt, drainMs: performance.now() - enqueuedAt }
  } finally {
    database.close()
  }
}

function enqueue(database: DatabaseSync, count: number): void {
  const insert = database.prepare(
    `INSERT INTO escapement_executions (namespace, id, job, revision, origin, status, queue, priority, scheduled_for, due_at,
       created_at, is_ledger, is_tick, is_judged, is_catch_up, is_exclusive, if_open, input)
     VALUES ('default', ?1, 'bench.no-op', 1, 'enqueued', 'scheduled', 'default', 0, ?2, ?2, ?2, 0, 0, 1, 0, 0, 'wait', ?3)`,
  )
  for (let first = 0; first < count; first += ENQUEUE_BATCH) {
    database.exec('BEGIN IMMEDIATE')
    for (let n = first; n < Math.min(count, first + ENQUEUE_BATCH); n++) {
      insert.run(systemRuntime.id(), Date.now(), JSON.stringify({ n }))
    }
    database.exec('COMMIT')
  }
}

async function drain(database: DatabaseSync, history: 'all' | 'none'): Promise<void> {
  const claim = database.prepare(
    `UPDATE escapement_executions
     SET status = 'running', claimed_at = ?1, started_at = ?1, instance = '${INSTANCE}', claim_token = ?2,
       fence = max(fence + 1, ?1 * 1000), attempt = attempt + 1
     WHERE seq IN (
       SELECT seq FROM escapement_executions
       WHERE namespace = 'default' AND queue = 'default' AND status = 'scheduled' AND is_judged = 1 AND due_at <= ?1
       ORDER BY priority DESC, due_at, seq LIMIT ${CLAIM_BATCH})
     RETURNING seq, id, input, fence, attempt, due_at`,
  )
  const settle = settling(database, history)
  let claimed: ClaimedRow[] = []
  for (let token = 1; ; token++) {
    const now = Date.now()
    database.exec('BEGIN IMMEDIATE')
    if (claimed.length > 0) settle(claimed, now)
    claimed = claim.all(now, token) as unknown as ClaimedRow[]
    database.exec('COMMIT')
    if (claimed.length === 0) return
    await Promise.all(claimed.map(async (row) => JSON.parse(row.input) as unknown))
  }
}

function settling(database: DatabaseSync, history: 'all' | 'none'): (rows: readonly ClaimedRow[], now: number) => void {
  const end = database.prepare(
    `UPDATE escapement_executions SET status = 'succeeded', finished_at = ?, output = 'null'
     WHERE seq = ? AND fence = ? AND status = 'running'`,
  )
  const attempt = database.prepare(
    `INSERT INTO escapement_attempts (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome)
     VALUES (?1, ?2, '${INSTANCE}', ?3, ?4, ?4, ?4, 'succeeded')`,
  )
  const forget = database.prepare('DELETE FROM escapement_executions WHERE seq = ? AND fence = ?')
  const count = counting(database)
  return (rows, now) => {
    for (const row of rows) {
      if (history === 'none') {
        forget.run(row.seq, row.fence)
        continue
      }
      end.run(now, row.seq, row.fence)
      attempt.run(row.seq, row.attempt, row.fence, now)
    }
    count(rows, now)
  }
}

/** Adds a batch to the minute's statistics. */
function counting(database: DatabaseSync): (rows: readonly ClaimedRow[], now: number) => void {
  const key = `namespace = 'default' AND job = 'bench.no-op' AND bucket = ? AND width = ${MINUTE_MS} AND instance = '${INSTANCE}'`
  const read = database.prepare(`SELECT duration, lateness FROM escapement_stats WHERE ${key}`)
  const write: StatementSync = database.prepare(
    `INSERT INTO escapement_stats VALUES ('default', 'bench.no-op', ?1, ${MINUTE_MS}, '${INSTANCE}', ?2, 0, 0, 0, 0, 0, 0, ?3, ?4, ?5)
     ON CONFLICT DO UPDATE SET succeeded = succeeded + ?2, lateness_sum_ms = lateness_sum_ms + ?3, duration = ?4, lateness = ?5`,
  )
  return (rows, now) => {
    const bucket = Math.floor(now / MINUTE_MS) * MINUTE_MS
    const kept = read.get(bucket) as StatisticsRow | undefined
    const duration = JSON.parse(kept?.duration ?? '{}') as Record<number, number>
    const lateness = JSON.parse(kept?.lateness ?? '{}') as Record<number, number>
    let latenessSumMs = 0
    for (const { due_at: dueAt } of rows) {
      const late = Math.max(0, now - dueAt)
      const at = Math.round(Math.log(late + 1) / Math.log(1.1))
      duration[0] = (duration[0] ?? 0) + 1
      lateness[at] = (lateness[at] ?? 0) + 1
      latenessSumMs += late
    }
    write.run(bucket, rows.length, latenessSumMs, JSON.stringify(duration), JSON.stringify(lateness))
  }
}
