import { statSync } from 'node:fs'
import type { SqliteSession } from './sqlite-session.ts'
import type { SqliteReader } from './worker-reader.ts'

/** The WAL is copied into the database at about this length, in frames (pages): SQLite's own default. */
const COPIED_FRAMES = 1_000
const FRAME_BYTES = 4_096
/**
 * So much of the file is kept when the WAL begins anew, bytes. To write over what is there costs an fsync much less than
 * to make the file longer, for which the file system has to keep a journal.
 */
export const KEPT_WAL_BYTES: number = 4 * COPIED_FRAMES * FRAME_BYTES
/** Commits between two looks at the size of the file, and until what failed is tried again. */
const FEW_COMMITS = 16
/** Commits between two looks at most. */
const MOST_COMMITS = 1_000

/** What a checkpoint answers: how many frames the WAL has, and how many of them are in the database now. */
interface WalCopy {
  readonly log: number
  readonly checkpointed: number
}

const NOT_COPIED: WalCopy = { log: -1, checkpointed: -1 }

/**
 * Keeps the WAL short: a thread copies nearly all of it, the handle itself what was written meanwhile, which is a matter
 * of some pages. Only so is it copied as a whole while writers never pause, and then the next commit begins it anew.
 */
export class Checkpointer {
  readonly #walPath: string
  readonly #reader: SqliteReader
  readonly #session: SqliteSession
  /** Commits since the last look. */
  #commits = 0
  /** Unknown before the first look, for which the file has to be long: most programs never need the thread. */
  #lookAfter = Number.POSITIVE_INFINITY
  /** Frames that were left in use at the last look. */
  #left = 0
  /** How long the file was at the last look, bytes. */
  #sizeBytes = 0
  #isRunning = false

  constructor(path: string, reader: SqliteReader, session: SqliteSession) {
    this.#walPath = `${path}-wal`
    this.#reader = reader
    this.#session = session
  }

  /** To be called after each commit. */
  committed(): void {
    this.#commits++
    if (this.#isRunning || !this.#isLong()) return
    this.#isRunning = true
    this.#checkpoint()
      .catch(() => {
        this.#lookAfter = this.#commits + FEW_COMMITS // the WAL is only longer meanwhile
      })
      .finally(() => {
        this.#isRunning = false
      })
  }

  /** By the number of commits; a few large ones show in the file. */
  #isLong(): boolean {
    if (this.#commits >= this.#lookAfter) return true
    if (this.#commits % FEW_COMMITS !== 0) return false
    return this.#walBytes() > this.#sizeBytes + COPIED_FRAMES * FRAME_BYTES
  }

  async #checkpoint(): Promise<void> {
    const isFree = (await this.#reader.copyWal()) >= 0
    // https://www.sqlite.org/pragma.html#pragma_wal_checkpoint; log -1: another connection copies just now
    const { log, checkpointed } = isFree ? this.#copyRest() : NOT_COPIED
    if (log < 0) {
      this.#lookAfter = this.#commits + FEW_COMMITS
      return
    }
    // How much a commit writes says when the next look is worth while.
    const written = Math.max(1, log - this.#left)
    this.#lookAfter = Math.min(MOST_COMMITS, Math.ceil((COPIED_FRAMES * this.#commits) / written))
    this.#commits = 0
    this.#left = checkpointed === log ? 0 : log // all of it copied: the next commit begins it anew
    this.#sizeBytes = this.#walBytes()
  }

  #copyRest(): WalCopy {
    return this.#session.get<WalCopy>('PRAGMA wal_checkpoint(PASSIVE)') ?? NOT_COPIED
  }

  #walBytes(): number {
    return statSync(this.#walPath, { throwIfNoEntry: false })?.size ?? 0
  }
}
