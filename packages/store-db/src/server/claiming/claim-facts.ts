import { isPausedAt, type JobSpec, type PauseWindow } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import { parsePauses } from '../../job/pause-text.ts'
import type { EndingRow } from '../../settle/ending-row.ts'
import type { Candidate } from '../../claiming/candidate.ts'
import { endingRowOf } from '../ending/ending-columns.ts'
import { rowsText } from '../rows-text.ts'
import type { Statements } from '../statements.ts'
import type { claimSql } from './claim-sql.ts'

/** The statements of a claim's transaction. */
export type ClaimSql = Statements<ReturnType<typeof claimSql>>

/** A job as it stays until the transaction ends. */
export interface LockedJob {
  readonly queue: string
  readonly overlap: JobSpec['overlap']
  readonly onInterrupt: JobSpec['onInterrupt']
  readonly retryUntil: string
  readonly pauses: readonly PauseWindow[]
  /** The pause in force when it was locked; null: none is. */
  readonly pause: PauseWindow | null
}

/** A queue as it stays until the transaction ends. */
export interface LockedQueue {
  readonly clusterLimit: number | null
  readonly pauses: readonly PauseWindow[]
  readonly pause: PauseWindow | null
  /** Whether nobody else counts what it holds. */
  readonly isCounted: boolean
}

/** An execution that is open. */
export type OpenRow = EndingRow & { readonly status: string }

/** A tick that was judged and waits. */
export type WaitingRow = EndingRow & { readonly is_catch_up: unknown }

/** Where a pass works. */
export interface ClaimScope {
  readonly session: SqlSession
  readonly sql: ClaimSql
  readonly namespace: string
  readonly instance: string
  readonly handlers: ReadonlySet<string>
  readonly now: number
}

const JOB_GUARD = 'job:'

/** The guard that all executions of an exclusive job share (rule 16). */
function jobGuard(job: string): string {
  return JOB_GUARD + job
}

/** The guards that a row can only be taken under. */
export function guardsOf(row: Candidate): readonly string[] {
  const guards: string[] = []
  if (row.is_exclusive === 1) guards.push(jobGuard(row.job))
  if (row.concurrency_key !== '' && row.concurrency_limit !== null) guards.push(`key:${keyOf(row)}`)
  return guards
}

function keyOf({ job, concurrency_key: key }: Candidate): string {
  return `${job}:${key}`
}

/**
 * What a pass decides by, locked so that it stays as it is until the transaction ends. What another transaction has
 * locked is missing, and what hangs on it is left to the next pass.
 */
export class ClaimFacts {
  /** Whether something was locked by others, so that another look is worth while soon. */
  isIncomplete = false
  readonly #scope: ClaimScope
  readonly #jobs = new Map<string, LockedJob | null>()
  readonly #queues = new Map<string, LockedQueue | null>()
  readonly #guards = new Map<string, number | null>()
  readonly #open = new Map<string, OpenRow[]>()
  /** What the pass itself ends. */
  readonly #ended = new Set<number>()
  readonly #waiting = new Map<string, WaitingRow[]>()
  readonly #held = new Map<string, number>()

  constructor(scope: ClaimScope) {
    this.#scope = scope
  }

  job(name: string): LockedJob | null {
    return this.#jobs.get(name) ?? this.#missing()
  }

  queue(name: string): LockedQueue | null {
    return this.#queues.get(name) ?? this.#missing()
  }

  /** Null also where it was never asked for. */
  knownQueue(name: string): LockedQueue | null {
    return this.#queues.has(name) ? this.queue(name) : null
  }

  hasGuard(key: string): boolean {
    return (this.#guards.get(key) ?? this.#missing()) !== null
  }

  fenceOf(key: string): number {
    return this.#guards.get(key) ?? 0
  }

  open(job: string): readonly OpenRow[] {
    return (this.#open.get(job) ?? []).filter(({ seq }) => !this.#ended.has(seq))
  }

  waiting(job: string): readonly WaitingRow[] {
    return this.#waiting.get(job) ?? []
  }

  held(row: Candidate): number {
    return this.#held.get(keyOf(row)) ?? 0
  }

  /** Takes note that executions have ended. */
  ended(rows: readonly EndingRow[]): void {
    for (const { seq } of rows) this.#ended.add(seq)
  }

  /** Queues with a limit are waited for; they come before all else. */
  async lockQueues(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { session, sql, namespace } = this.#scope
    const { rows } = await session.run<QueueRow>(sql.lockQueues, { namespace, queues: names.toSorted() })
    for (const row of rows) this.#queues.set(row.name, lockedQueueOf(row, true))
  }

  async shareQueues(names: Iterable<string>): Promise<void> {
    const queues = unknown(this.#queues, names)
    if (queues.length === 0) return
    const { session, sql, namespace } = this.#scope
    const { rows } = await session.run<QueueRow>(sql.shareQueues, { namespace, queues })
    for (const row of rows) this.#queues.set(row.name, lockedQueueOf(row, false))
  }

  async shareJobs(names: Iterable<string>): Promise<void> {
    const jobs = unknown(this.#jobs, names)
    if (jobs.length === 0) return
    const { session, sql, namespace } = this.#scope
    const { rows } = await session.run<JobRow>(sql.shareJobs, { namespace, jobs })
    for (const row of rows) this.#jobs.set(row.name, lockedJobOf(row))
  }

  /** Locks guards, and then looks for what is open and waits of their jobs. */
  async guardJobs(names: Iterable<string>): Promise<void> {
    const jobs = [...new Set(names)]
    await this.#lockGuards(jobs.map(jobGuard))
    await this.findOpen(jobs.filter((job) => this.#guards.get(jobGuard(job)) !== null))
  }

  async findOpen(names: Iterable<string>): Promise<void> {
    const jobs = [...new Set(names)].filter((job) => !this.#open.has(job))
    if (jobs.length === 0) return
    const { session, sql, namespace } = this.#scope
    for (const job of jobs) this.#open.set(job, [])
    const ordered = jobs.toSorted()
    const range = { firstJob: ordered[0] as string, end: `${ordered.at(-1)}$` }
    for (const row of (await session.run<OpenRow>(sql.open, { namespace, jobs, ...range })).rows) {
      this.#open.get(row.job)?.push(endingRowOf<OpenRow>(row))
    }
  }

  async findWaiting(names: Iterable<string>): Promise<void> {
    const jobs = [...new Set(names)].filter((job) => !this.#waiting.has(job))
    if (jobs.length === 0) return
    const { session, sql, namespace } = this.#scope
    for (const job of jobs) this.#waiting.set(job, [])
    for (const row of (await session.run<WaitingRow>(sql.waitingTicks, { namespace, jobs })).rows) {
      this.#waiting.get(row.job)?.push(endingRowOf<WaitingRow>(row))
    }
  }

  /** Learns all that decides whether these rows may start. */
  async prepare(rows: readonly Candidate[]): Promise<void> {
    const own = rows.filter(({ job }) => this.#scope.handlers.has(job))
    await this.shareJobs(own.map(({ job }) => job))
    const guarded = own.filter((row) => row.is_tick === 0 || this.#jobs.get(row.job)?.pause === null)
    await this.#lockGuards(guarded.flatMap(guardsOf))
    const exclusive = guarded.filter((row) => row.is_exclusive === 1 && this.#guards.get(jobGuard(row.job)) !== null)
    await this.findOpen(exclusive.map(({ job }) => job))
    await this.#countHeld(guarded.filter((row) => row.concurrency_key !== '' && row.concurrency_limit !== null))
  }

  async #countHeld(rows: readonly Candidate[]): Promise<void> {
    const keys = new Map(rows.filter((row) => !this.#held.has(keyOf(row))).map((row) => [keyOf(row), row]))
    if (keys.size === 0) return
    const { session, sql, namespace, now } = this.#scope
    for (const key of keys.keys()) this.#held.set(key, 0)
    const named = [...keys.values()].map(({ job, concurrency_key }) => ({ job, held_key: concurrency_key }))
    const counted = await session.run<{ job: string; held_key: string; n: unknown }>(sql.heldWithKeys, {
      namespace,
      now,
      rows: rowsText(named),
    })
    for (const { job, held_key: key, n } of counted.rows) this.#held.set(`${job}:${key}`, integerOf(n))
  }

  /** Guards are made when they are first needed, and forgotten when they have long been idle. */
  async #lockGuards(names: readonly string[]): Promise<void> {
    const keys = unknown(this.#guards, names).toSorted()
    if (keys.length === 0) return
    const { session, sql, namespace } = this.#scope
    const lock = async (): Promise<void> => {
      const { rows } = await session.run<GuardRow>(sql.lockGuards, { namespace, keys })
      for (const { guard_key: key, fence } of rows) {
        this.#guards.set(key, integerOf(fence))
        // What was seen of a job before its guard was locked may have changed until then.
        if (key.startsWith(JOB_GUARD)) this.#open.delete(key.slice(JOB_GUARD.length))
      }
    }
    await lock()
    if (keys.every((key) => this.#guards.get(key) !== null)) return
    const known = await session.run<{ guard_key: string }>(sql.knownGuards, { namespace, keys })
    const there = new Set(known.rows.map(({ guard_key: key }) => key))
    const missing = keys.filter((key) => !there.has(key))
    if (missing.length === 0) return
    await session.run(sql.insertGuards, { namespace, keys: missing })
    await lock()
  }

  #missing(): null {
    this.isIncomplete = true
    return null
  }
}

interface QueueRow {
  readonly name: string
  readonly cluster_limit: unknown
  readonly pauses: string
  readonly now: unknown
}

interface JobRow {
  readonly name: string
  readonly queue: string
  readonly overlap: LockedJob['overlap']
  readonly on_interrupt: LockedJob['onInterrupt']
  readonly retry_until: string
  readonly pauses: string
  readonly now: unknown
}

interface GuardRow {
  readonly guard_key: string
  readonly fence: unknown
}

/** The names that were not asked for yet; from now on they count as asked for. */
function unknown(known: Map<string, unknown>, names: Iterable<string>): string[] {
  const asked = [...new Set(names)].filter((name) => !known.has(name))
  for (const name of asked) known.set(name, null)
  return asked
}

function lockedQueueOf({ cluster_limit: limit, pauses, now }: QueueRow, isCounted: boolean): LockedQueue {
  const windows = parsePauses(pauses)
  const clusterLimit = limit === null ? null : integerOf(limit)
  return { clusterLimit, pauses: windows, pause: pauseInForce(windows, integerOf(now)), isCounted }
}

function lockedJobOf({ pauses, now, ...row }: JobRow): LockedJob {
  const windows = parsePauses(pauses)
  const pause = pauseInForce(windows, integerOf(now))
  const { queue, overlap, on_interrupt: onInterrupt, retry_until: retryUntil } = row
  return { queue, overlap, onInterrupt, retryUntil, pauses: windows, pause }
}

/** By the time of the lock: a pause that began before it is in force, also where the pass began earlier. */
function pauseInForce(pauses: readonly PauseWindow[], now: number): PauseWindow | null {
  return pauses.find((pause) => isPausedAt([pause], now)) ?? null
}
