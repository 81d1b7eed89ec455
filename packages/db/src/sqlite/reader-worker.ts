/**
 * The thread that reads lists and statistics and checkpoints the WAL, so that the event loop of the host does not
 * stand still meanwhile. Imports nothing but Node: it is loaded by URL, from source and from the build alike.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

interface Request {
  readonly id: number
  readonly kind: 'query' | 'copy'
  readonly queries: readonly { readonly sql: string; readonly parameters: readonly SQLInputValue[] }[]
}

/** A reader waits only while the WAL is recovered after a crash. Milliseconds. */
const READ_WAIT_MS = 100

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

/**
 * Copies the WAL into the database without blocking anybody, and once more what was written meanwhile, so that little is
 * left for the handle. Answers how many frames it has; -1: another connection copies it just now.
 */
function copyWal(): number {
  const copy = prepare('PRAGMA wal_checkpoint(PASSIVE)')
  copy.get()
  return (copy.get() as { log: number }).log
}

const WORK = { query, copy: copyWal }

parentPort?.on('message', (request: Request) => {
  try {
    const result = WORK[request.kind](request)
    parentPort?.postMessage({ id: request.id, result })
  } catch (error) {
    const { message, errcode } = error as { message: string; errcode?: number }
    parentPort?.postMessage({ id: request.id, failure: { message, errcode } })
  }
})
