import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { systemRuntime } from '@escapement/base'
import { sqliteStore } from '@escapement/store-db'

/** An INSERT and a claiming UPDATE, each with its own commit, on the store's tables. Milliseconds a sample. */
export async function startLatencyFloor(path: string, samples: number, pauseMs: number): Promise<readonly number[]> {
  await using store = sqliteStore(path)
  await store.open()
  await store.close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
  const insert = database.prepare(
    `INSERT INTO escapement_executions (namespace, id, job, revision, origin, status, queue, priority, scheduled_for, due_at,
       created_at, is_ledger, is_tick, is_judged, is_catch_up, is_exclusive, if_open, input)
     VALUES ('default', ?1, 'bench.no-op', 1, 'enqueued', 'scheduled', 'default', 0, ?2, ?2, ?2, 0, 0, 1, 0, 0, 'wait', '{}')`,
  )
  const claim = database.prepare(
    `UPDATE escapement_executions SET status = 'running', claimed_at = ?1, started_at = ?1, instance = 'floor', fence = ?1 * 1000
     WHERE seq = (
       SELECT seq FROM escapement_executions
       WHERE namespace = 'default' AND queue = 'default' AND status = 'scheduled' AND is_judged = 1 AND due_at <= ?1
       ORDER BY priority DESC, due_at, seq LIMIT 1)
     RETURNING seq`,
  )
  const times: number[] = []
  for (let n = 0; n < samples; n++) {
    await sleep(pauseMs)
    const startedAt = performance.now()
    insert.run(systemRuntime.id(), Date.now())
    claim.get(Date.now())
    times.push(performance.now() - startedAt)
  }
  database.close()
  return times
}
