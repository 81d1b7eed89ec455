/**
 * The thread that reads lists and statistics and checkpoints the WAL, so that the event loop of the host does not
 * stand still meanwhile. Imports nothing but Node: it is loaded by URL, from source and from the build alike.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

interface Request {
  readonly id: number
  readonly kind: 'query' | 'copy' | 'restart'
  readonly queries: readonly { readonly sql: string; readonly parameters: readonly SQLInputValue[] }[]
}

/** A reader waits only while the WAL is recovered after a crash. Milliseconds. */
const READ_WAIT_MS = 100
/** How often the write lock is asked for to begin the WAL anew, and the longest pause between, milliseconds. */
const RESTART_TRIES = 4
const RESTART_PAUSE_MS = 2
/** Nobody changes it: to wait for it is to sleep. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

const { file } = workerData as { file: string }
const database = new DatabaseSync(file)
// It cannot change data but may checkpoint (https://www.sqlite.org/pragma.html#pragma_query_only).
database.exec(`PRAGMA query_only = ON; PRAGMA busy_timeout = ${READ_WAIT_MS}; PRAGMA synchronous = FULL`)
const statements = new Map<string, StatementSync>()

function prepare(sql: string): StatementSync {
  const kept = statements.get(sql)
  if (kept !== undefined) return kept
  if (statements.size >= 500) statements.clear()
  const statement = database.prepare(sql)
  statements.set(sql, statement)
  return statement
}

/** All queries of a request see one snapshot. */
function query(request: Request): unknown {
  database.exec('BEGIN')
  try {
    return request.queries.map(({ sql, parameters }) => prepare(sql).all(...parameters))
  } finally {
    database.exec('COMMIT')
  }
}

/** Copies the WAL into the database without blocking anybody; answers how many frames it has. */
function copyWal(): number {
  return (prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number }).log
}

/**
 * Copies what was written since under the write lock, so that the next writer begins the WAL anew. This process writes
 * nothing meanwhile; writers of others are asked for the lock as they ask each other, and it is never kept to wait for
 * those who still read from the WAL. Answers how many frames are left in use.
 */
function restartWal(): number {
  database.exec('PRAGMA busy_timeout = 0')
  try {
    for (let tries = 1; ; tries++) {
      const { busy, log } = prepare('PRAGMA wal_checkpoint(RESTART)').get() as { busy: number; log: number }
      if (busy === 0) return 0
      if (tries === RESTART_TRIES) return log
      Atomics.wait(NEVER, 0, 0, 1 + Math.random() * RESTART_PAUSE_MS)
    }
  } finally {
    database.exec(`PRAGMA busy_timeout = ${READ_WAIT_MS}`)
  }
}

const WORK = { query, copy: copyWal, restart: restartWal }

parentPort?.on('message', (request: Request) => {
  try {
    const result = WORK[request.kind](request)
    parentPort?.postMessage({ id: request.id, result })
  } catch (error) {
    const { message, errcode } = error as { message: string; errcode?: number }
    parentPort?.postMessage({ id: request.id, failure: { message, errcode } })
  }
})
