import type { Runtime } from '@escapement/base'
import { DatabaseUnusableError } from '../error/database-unusable-error.ts'
import { retryWhileBusy } from './busy-retry.ts'
import { ChangeWatcher } from './change-watcher.ts'
import { Checkpointer } from './checkpointer.ts'
import { connectSqlite } from './connect-sqlite.ts'
import { isNodeSqlite } from './node-sqlite.ts'
import { SessionReader } from './session-reader.ts'
import type { SqliteDriver, SqliteStatement } from './sqlite-driver.ts'
import { sqliteError } from './sqlite-error.ts'
import { SqliteSession } from './sqlite-session.ts'
import { type SqliteStatistics, SqliteStatisticsKeeper } from './sqlite-statistics.ts'
import { type SqliteQuery, type SqliteReader, WorkerReader } from './worker-reader.ts'
import { type SqliteOperation, WriteQueue } from './write-queue.ts'

/** Resolved options of a {@link SqliteDatabase}. */
export interface SqliteDatabaseOptions {
  /** How the host named the file; stands in messages. */
  readonly file: string
  readonly openDriver: () => SqliteDriver
  readonly runtime: Runtime
  readonly busyTimeoutMs: number
}

interface Connection {
  readonly path: string
  readonly session: SqliteSession
  readonly queue: WriteQueue
  readonly reader: SqliteReader
}

/**
 * The own handle on one SQLite file (rule 22): it opens when first used, runs each transaction within one turn of the
 * event loop, and never waits for a lock synchronously. Made by `openSqlite`.
 */
export class SqliteDatabase implements AsyncDisposable {
  readonly dialect = 'sqlite'
  /** The file as the host named it. */
  readonly file: string
  /** The clock that decides what is due (rule 9). */
  readonly runtime: Runtime
  readonly #options: SqliteDatabaseOptions
  readonly #statistics = new SqliteStatisticsKeeper()
  readonly #watcher: ChangeWatcher
  #opening: Promise<Connection> | undefined
  #connected: Connection | undefined
  #version: SqliteStatement | undefined
  #closing: Promise<void> | undefined

  constructor(options: SqliteDatabaseOptions) {
    this.file = options.file
    this.runtime = options.runtime
    this.#options = options
    this.#watcher = new ChangeWatcher(options.runtime, () => this.#dataVersion())
  }

  /**
   * Opens the file; every other method does so by itself. After a failure the next call tries again.
   *
   * @throws {@link DatabaseUnusableError} when it is absent, read-only or no database.
   * @throws {@link DatabaseUnavailableError} while another process holds it for longer than the busy timeout.
   */
  async open(): Promise<void> {
    await this.#connection()
  }

  /**
   * Runs `operation` in a transaction that begins at the end of this turn and may hold other writes of the turn. It may
   * run more than once and must not wait for anything; some milliseconds are what it should take (rule 22).
   *
   * @returns What `operation` returned, once it is on the disk.
   */
  write<T>(operation: SqliteOperation<T>): Promise<T> {
    if (this.#connected !== undefined && this.#closing === undefined) return this.#connected.queue.write(operation)
    return this.#connection().then(({ queue }) => queue.write(operation))
  }

  /** Runs a short read on one snapshot, on the own handle. */
  async read<T>(operation: (session: SqliteSession) => T): Promise<T> {
    const { session } = await this.#connection()
    const { file, runtime, busyTimeoutMs } = this.#options
    const snapshot = (): T => {
      const startedAt = runtime.monotonic()
      session.run('BEGIN')
      try {
        return operation(session)
      } finally {
        session.run('COMMIT')
        this.#statistics.hasRead(runtime.monotonic() - startedAt)
      }
    }
    return retryWhileBusy(runtime, file, busyTimeoutMs, snapshot, () => this.#statistics.wasBusy())
  }

  /** Runs queries that may take long on one snapshot, in a thread of their own; answers the rows of each. */
  async query(queries: readonly SqliteQuery[]): Promise<unknown[][]> {
    const { reader } = await this.#connection()
    try {
      return await reader.query(queries)
    } catch (error) {
      throw sqliteError(error, this.file)
    }
  }

  /** Calls `listener` soon after anything was committed, here or by another connection or process. */
  subscribe(listener: () => void): Disposable {
    return this.#watcher.subscribe(listener)
  }

  /** What the handle has done so far. */
  statistics(): SqliteStatistics {
    return this.#statistics.snapshot()
  }

  /** Ends what runs and closes the file. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #connection(): Promise<Connection> {
    if (this.#closing !== undefined) {
      return Promise.reject(new DatabaseUnusableError(`database "${this.file}" has been closed; open it anew`))
    }
    return (this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    }))
  }

  async #connect(): Promise<Connection> {
    const { file, runtime, busyTimeoutMs, openDriver } = this.#options
    const { driver, path } = await connectSqlite(this.#options, openDriver)
    const session = new SqliteSession(driver)
    const reader = isNodeSqlite(driver) ? new WorkerReader(path, file) : new SessionReader(session)
    let seen: number | undefined
    const onCommit = (): void => {
      checkpointer.committed()
      if (!this.#watcher.hasListeners) return
      const changes = session.get<{ n: number }>('SELECT total_changes() AS n')?.n
      if (changes !== seen) this.#watcher.notify()
      seen = changes
    }
    const queue = new WriteQueue(session, { runtime, file, busyTimeoutMs, statistics: this.#statistics, onCommit })
    const checkpointer = new Checkpointer(path, reader, session)
    this.#version = driver.prepare('PRAGMA data_version')
    this.#connected = { path, session, queue, reader }
    return this.#connected
  }

  async #close(): Promise<void> {
    this.#watcher.close()
    const connection = await this.#opening?.catch(() => undefined)
    this.#version = undefined
    await connection?.queue.drain()
    await connection?.reader.close()
    connection?.session.close()
  }

  #dataVersion(): number | undefined {
    try {
      return (this.#version?.get() as { data_version: number } | undefined)?.data_version
    } catch {
      return undefined // busy for a moment: the next poll sees it
    }
  }
}
