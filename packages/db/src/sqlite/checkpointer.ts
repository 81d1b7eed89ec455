import type { SqliteReader } from './worker-reader.ts'
import type { WriteQueue } from './write-queue.ts'

/** The WAL is copied into the database at about this length, in frames (pages): SQLite's own default. */
const COPIED_FRAMES = 1_000
/**
 * So much of the file is kept when the WAL begins anew, bytes. To write over what is there costs an fsync much less than
 * to make the file longer, for which the file system has to keep a journal.
 */
export const KEPT_WAL_BYTES: number = 4 * COPIED_FRAMES * 4_096
/** Commits until the first look, and at most between two of them. */
const FIRST_LOOK = 16
const MOST_COMMITS = 1_000

/** Keeps the WAL short without ever running a checkpoint where the event loop would wait for it. */
export class Checkpointer {
  readonly #reader: SqliteReader
  readonly #queue: WriteQueue
  /** Commits since the WAL began anew. */
  #commits = 0
  /** Looked at when there are so many. */
  #lookAt = FIRST_LOOK
  #isRunning = false

  constructor(reader: SqliteReader, queue: WriteQueue) {
    this.#reader = reader
    this.#queue = queue
  }

  /** To be called after each commit. */
  committed(): void {
    if (++this.#commits < this.#lookAt || this.#isRunning) return
    this.#isRunning = true
    this.#lookAt += FIRST_LOOK // for the case that it fails: the WAL is only longer meanwhile
    this.#checkpoint()
      .catch(() => undefined)
      .finally(() => {
        this.#isRunning = false
      })
  }

  async #checkpoint(): Promise<void> {
    const frames = await this.#reader.copyWal()
    // How much a commit has written says when the next look is worth while.
    const commits = Math.ceil((COPIED_FRAMES * this.#commits) / Math.max(frames, 1))
    const left = frames === 0 ? 0 : await this.#queue.without(() => this.#reader.restartWal())
    if (left === 0) this.#commits = 0
    this.#lookAt = this.#commits + Math.min(MOST_COMMITS, commits)
  }
}
