import type { Runtime } from '@escapement/base'
import { busyPauseMs, lockedError } from './busy-retry.ts'
import { isBusy, sqliteError } from './sqlite-error.ts'
import type { SqliteSession } from './sqlite-session.ts'
import type { SqliteStatisticsKeeper } from './sqlite-statistics.ts'

/** No further write joins a transaction that has run for so long: with the last one it stays below 10 ms (rule 22). */
const BUDGET_MS = 4
/**
 * After so much work without a certain turn of the event loop, timers and sockets go first. Milliseconds: little, because
 * what is done with the answers lies in the same turn.
 */
const TURN_BUDGET_MS = 1
/** No more than this is the file held without leaving it to others, who copy the WAL or are other processes. Milliseconds. */
const HELD_BUDGET_MS = 8
/** How long the file is then left to others, milliseconds. */
const GAP_MS = 1
/** What `queueMicrotask` does costs several times as much (Node.js, AsyncResource). */
const NOW = Promise.resolve()

/**
 * What runs inside a transaction, without waiting for anything. It may run more than once; only what is committed counts.
 *
 * @param hasTime - Whether the transaction may take longer: work that can go on in another one ends when it may not.
 */
export type SqliteOperation<T> = (session: SqliteSession, hasTime: () => boolean) => T

/** One write that waits for its transaction. */
interface Write {
  readonly run: SqliteOperation<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly queuedAt: number
}

/** What a queue needs of its handle. */
export interface WriteQueueHost {
  readonly runtime: Runtime
  readonly file: string
  readonly busyTimeoutMs: number
  readonly statistics: SqliteStatisticsKeeper
  /** Called after each commit. */
  readonly onCommit: () => void
}

/**
 * Group commit: all writes that were asked for in one turn of the event loop share a transaction and its fsync. BEGIN
 * to COMMIT runs without an `await`. A write that throws is taken out and the others run again without it, which costs
 * nothing while nothing fails; a savepoint each would.
 */
export class WriteQueue {
  readonly #session: SqliteSession
  readonly #host: WriteQueueHost
  #pending: Write[] = []
  #isScheduled = false
  #busyTries = 0
  /** Time spent since the event loop last turned for certain, milliseconds. */
  #workedMs = 0
  /** For how long the file was held, less what others had of it since. Milliseconds. */
  #heldMs = 0
  /** Up to when that is counted, on the monotonic clock. */
  #countedTo = 0
  readonly #flushInTurn = (): void => this.#flush()
  readonly #flushAfterMicrotasks = (): void => process.nextTick(this.#flushInTurn)

  constructor(session: SqliteSession, host: WriteQueueHost) {
    this.#session = session
    this.#host = host
  }

  /** Runs `run` inside a transaction that also holds other writes of this turn. */
  write<T>(run: SqliteOperation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({
        run,
        resolve: resolve as (value: unknown) => void,
        reject,
        queuedAt: this.#host.runtime.monotonic(),
      })
      if (this.#isScheduled) return
      const gapMs = this.#gapMs()
      // A chain of awaited writes would otherwise never let the event loop turn.
      if (gapMs > 0 || this.#workedMs >= TURN_BUDGET_MS) {
        this.#flushAfter(gapMs)
        return
      }
      this.#isScheduled = true
      // A tick that is set from a microtask comes after all microtasks: what they ask for is in the group, too.
      void NOW.then(this.#flushAfterMicrotasks)
    })
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#pending.length > 0) await this.write(() => undefined).catch(() => undefined)
  }

  #flush(): void {
    const { runtime } = this.#host
    const startedAt = runtime.monotonic()
    this.#isScheduled = false
    let outcome = this.#transact()
    while (outcome === 'again' && this.#pending.length > 0 && runtime.monotonic() - startedAt < BUDGET_MS) {
      outcome = this.#transact()
    }
    const spentMs = runtime.monotonic() - startedAt
    this.#workedMs += spentMs
    this.#heldMs += spentMs
    this.#countedTo = startedAt + spentMs
    if (this.#pending.length === 0) return
    this.#flushAfter(outcome === 'busy' ? busyPauseMs(runtime, this.#busyTries) : this.#gapMs())
  }

  /** How long the file is to be left to others now: the time since the last transaction they have had already. */
  #gapMs(): number {
    const now = this.#host.runtime.monotonic()
    this.#heldMs = Math.max(0, this.#heldMs - (now - this.#countedTo) * (HELD_BUDGET_MS / GAP_MS))
    this.#countedTo = now
    return this.#heldMs >= HELD_BUDGET_MS ? GAP_MS : 0
  }

  #flushAfter(delayMs: number): void {
    const { runtime } = this.#host
    this.#isScheduled = true
    const flush = (): void => {
      this.#workedMs = 0
      this.#gapMs()
      this.#flush()
    }
    // The first sleep may end within the turn that is running: timers and sockets are heard for certain before the second does.
    runtime
      .sleep(delayMs)
      .then(() => runtime.sleep(0))
      .then(flush, flush)
  }

  /** One transaction. `again`: a write failed and was taken out; nothing is committed. */
  #transact(): 'committed' | 'busy' | 'again' {
    const { runtime, statistics, file } = this.#host
    const startedAt = runtime.monotonic()
    const hasTime = (): boolean => runtime.monotonic() - startedAt < BUDGET_MS
    const values: unknown[] = []
    let current: Write | undefined
    try {
      this.#session.run('BEGIN IMMEDIATE')
      for (const write of this.#pending) {
        current = write
        values.push(write.run(this.#session, hasTime))
        if (!hasTime()) break
      }
      current = undefined
      const bodyEndedAt = runtime.monotonic()
      this.#session.run('COMMIT')
      const committedAt = runtime.monotonic()
      this.#busyTries = 0
      const committed = this.#pending
      this.#pending = committed.slice(values.length)
      statistics.committed(values.length, bodyEndedAt - startedAt, committedAt - bodyEndedAt)
      this.#host.onCommit()
      values.forEach((value, index) => committed[index]?.resolve(value))
      return 'committed'
    } catch (error) {
      this.#rollBack()
      if (isBusy(error)) return this.#busy(error)
      const failed = current === undefined ? this.#pending.slice(0, Math.max(1, values.length)) : [current]
      this.#pending = this.#pending.filter((write) => !failed.includes(write))
      for (const write of failed) write.reject(sqliteError(error, file))
      return 'again'
    }
  }

  #busy(error: unknown): 'busy' {
    const { runtime, statistics, file, busyTimeoutMs } = this.#host
    this.#busyTries++
    statistics.wasBusy()
    const now = runtime.monotonic()
    const late = this.#pending.filter((write) => now - write.queuedAt >= busyTimeoutMs)
    this.#pending = this.#pending.filter((write) => now - write.queuedAt < busyTimeoutMs)
    for (const write of late) write.reject(lockedError(file, now - write.queuedAt, error))
    return 'busy'
  }

  /** After some errors (full disk, I/O) SQLite has rolled back by itself. */
  #rollBack(): void {
    try {
      this.#session.run('ROLLBACK')
    } catch {
      // No transaction is open, which is what is wanted.
    }
  }
}
