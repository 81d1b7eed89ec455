import type { JobSpec, PauseWindow } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { parsePauses } from '../../job/pause-text.ts'
import type { ClaimingSql } from './claiming-sql.ts'

/** What a claim pass has to know of a job. */
export interface ClaimedJob {
  readonly overlap: JobSpec['overlap']
  readonly onInterrupt: JobSpec['onInterrupt']
  readonly retryUntil: string
  readonly pauses: readonly PauseWindow[]
  /** Pauses of the queue that the job is in: they hold back everything there, and its ticks are judged by them too. */
  readonly queuePauses: readonly PauseWindow[]
}

/** What a claim pass has to know of a queue. */
export interface ClaimedQueue {
  /** How many of its executions may run at once across the cluster; null: no limit. */
  readonly clusterLimit: number | null
  readonly pauses: readonly PauseWindow[]
}

interface ClaimedJobRow {
  readonly name: string
  readonly queue: string
  readonly overlap: ClaimedJob['overlap']
  readonly on_interrupt: ClaimedJob['onInterrupt']
  readonly retry_until: string
  readonly pauses: string
}

/** The jobs and queues of one pass, each read once: within its transaction they cannot change. */
export class JobLookup {
  readonly #session: SqliteSession
  readonly #sql: ClaimingSql
  readonly #namespace: string
  readonly #jobs = new Map<string, ClaimedJob | null>()
  readonly #queues = new Map<string, ClaimedQueue>()

  constructor(session: SqliteSession, sql: ClaimingSql, namespace: string) {
    this.#session = session
    this.#sql = sql
    this.#namespace = namespace
  }

  /** Reads jobs that will be asked for, in one statement. */
  prepare(names: Iterable<string>): void {
    const unknown = [...new Set(names)].filter((name) => !this.#jobs.has(name))
    if (unknown.length === 0) return
    for (const name of unknown) this.#jobs.set(name, null)
    for (const row of this.#session.all<ClaimedJobRow>(this.#sql.jobs, [this.#namespace, JSON.stringify(unknown)])) {
      const { overlap, on_interrupt: onInterrupt, retry_until: retryUntil } = row
      const [pauses, queuePauses] = [parsePauses(row.pauses), this.queue(row.queue).pauses]
      this.#jobs.set(row.name, { overlap, onInterrupt, retryUntil, pauses, queuePauses })
    }
  }

  /** Null: unknown to the store. */
  get(name: string): ClaimedJob | null {
    this.prepare([name])
    return this.#jobs.get(name) ?? null
  }

  queue(name: string): ClaimedQueue {
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      type Row = { readonly cluster_limit: number | null; readonly pauses: string }
      const row = this.#session.get<Row>(this.#sql.queue, [this.#namespace, name])
      queue = { clusterLimit: row?.cluster_limit ?? null, pauses: parsePauses(row?.pauses ?? '[]') }
      this.#queues.set(name, queue)
    }
    return queue
  }
}
