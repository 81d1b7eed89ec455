import { statSync } from 'node:fs'
import type { SqliteReader } from './worker-reader.ts'

/** The WAL is copied into the database from this size on, in bytes; SQLite's own default is 1,000 pages of 4,096. */
export const WAL_LIMIT_BYTES = 4_096_000

/** From this size on writers are made to begin the WAL anew, bytes: a WAL that is always in use would grow for ever. */
const RESTART_BYTES = 4 * WAL_LIMIT_BYTES

/** Looking at the size costs a system call, so not after each commit. */
const COMMITS_BETWEEN_LOOKS = 16

/** Keeps the WAL short without ever running a checkpoint where the event loop would wait for it. */
export class Checkpointer {
  readonly #walPath: string
  readonly #reader: SqliteReader
  #commits = 0
  #isRunning = false

  constructor(path: string, reader: SqliteReader) {
    this.#walPath = `${path}-wal`
    this.#reader = reader
  }

  /** To be called after each commit. */
  committed(): void {
    if (++this.#commits % COMMITS_BETWEEN_LOOKS !== 0 || this.#isRunning) return
    // `journal_size_limit` cuts the file back to the limit when it begins anew.
    const sizeBytes = statSync(this.#walPath, { throwIfNoEntry: false })?.size ?? 0
    if (sizeBytes <= WAL_LIMIT_BYTES) return
    this.#isRunning = true
    const done = (): void => {
      this.#isRunning = false
    }
    // A checkpoint that failed is tried again after some commits; the WAL is only longer meanwhile.
    this.#reader.checkpoint(sizeBytes > RESTART_BYTES ? 'restart' : 'passive').then(done, done)
  }
}
