import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { systemRuntime } from '@escapement/base'
import { sqliteStore } from '@escapement/store-db'

const INSTANCE = 'floor'
const MINUTE_MS = 60_000

/** What the floor knows of an execution that it has claimed. */
export interface FloorRow {
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
 * The least that keeps executions, attempts and statistics: prepared statements on the store's own tables and indexes,
 * with the same durability, and nothing around them. Each method is to be called within a transaction of the caller.
 */
export interface FloorStore extends Disposable {
  /** Runs `work` in a transaction. */
  transact<T>(work: () => T): T
  /** Adds an execution that is due at `dueAt`, Unix milliseconds. */
  insert(dueAt: number, input: string): void
  /** Takes up to `most` due executions, longest due first. */
  claim(now: number, most: number): readonly FloorRow[]
  /** Writes that they succeeded, with an attempt each; `none`: deletes them and keeps the statistics. */
  settle(rows: readonly FloorRow[], now: number, history: 'all' | 'none'): void
}

/** Makes the tables in a new file and opens it. */
export async function floorStore(path: string, job: string): Promise<FloorStore> {
  await using store = sqliteStore(path)
  await store.open()
  await store.close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON')
  const insert = database.prepare(
    `INSERT INTO escapement_executions (namespace, id, job, revision, origin, status, queue, priority, scheduled_for, due_at,
       created_at, is_ledger, is_tick, is_judged, is_catch_up, is_exclusive, if_open, input)
     VALUES ('default', ?1, '${job}', 1, 'enqueued', 'scheduled', 'default', 0, ?2, ?2, ?2, 0, 0, 1, 0, 0, 'wait', ?3)`,
  )
  const claim = database.prepare(
    `UPDATE escapement_executions
     SET status = 'running', claimed_at = ?1, started_at = ?1, instance = '${INSTANCE}', claim_token = ?2,
       fence = max(fence + 1, ?1 * 1000), attempt = attempt + 1
     WHERE seq IN (
       SELECT seq FROM escapement_executions
       WHERE namespace = 'default' AND queue = 'default' AND status = 'scheduled' AND is_judged = 1 AND due_at <= ?1
       ORDER BY priority DESC, due_at, seq LIMIT ?3 + 0)
     RETURNING seq, id, input, fence, attempt, due_at`,
  )
  const end = database.prepare(
    `UPDATE escapement_executions SET status = 'succeeded', finished_at = ?, output = 'null'
     WHERE seq = ? AND fence = ? AND status = 'running'`,
  )
  const attempt = database.prepare(
    `INSERT INTO escapement_attempts (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome)
     VALUES (?1, ?2, '${INSTANCE}', ?3, ?4, ?4, ?4, 'succeeded')`,
  )
  const forget = database.prepare('DELETE FROM escapement_executions WHERE seq = ? AND fence = ?')
  const count = counting(database, job)
  let token = 0
  return {
    transact: (work) => {
      database.exec('BEGIN IMMEDIATE')
      const result = work()
      database.exec('COMMIT')
      return result
    },
    insert: (dueAt, input) => void insert.run(systemRuntime.id(), dueAt, input),
    claim: (now, most) => claim.all(now, ++token, most) as unknown as FloorRow[],
    settle: (rows, now, history) => {
      for (const row of rows) {
        if (history === 'none') {
          forget.run(row.seq, row.fence)
          continue
        }
        end.run(now, row.seq, row.fence)
        attempt.run(row.seq, row.attempt, row.fence, now)
      }
      count(rows, now)
    },
    [Symbol.dispose]: () => database.close(),
  }
}

/** Adds a batch to the minute's statistics. */
function counting(database: DatabaseSync, job: string): (rows: readonly FloorRow[], now: number) => void {
  const key = `namespace = 'default' AND job = '${job}' AND bucket = ? AND width = ${MINUTE_MS} AND instance = '${INSTANCE}'`
  const read = database.prepare(`SELECT duration, lateness FROM escapement_stats WHERE ${key}`)
  const write: StatementSync = database.prepare(
    `INSERT INTO escapement_stats VALUES ('default', '${job}', ?1, ${MINUTE_MS}, '${INSTANCE}', ?2, 0, 0, 0, 0, 0, 0, ?3, ?4, ?5)
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
