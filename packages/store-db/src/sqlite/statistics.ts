import type { SqliteSession } from '@escapement/db'
import {
  addNumbers,
  MINUTE_MS,
  type StatsChange,
  type StatsNumbers,
  statsChanges,
  type StatsEvent,
} from '../stats/stats-change.ts'
import { numbersOf, type StatsRow, statsValues } from '../stats/stats-row.ts'
import type { TableNames } from '../table-names.ts'

/** Numbers by job, bucket and instance, changed in the transaction that they count (rule 21). */
export class SqliteStatistics {
  readonly #read: string
  readonly #write: string

  constructor(t: TableNames) {
    this.#read = `SELECT succeeded, failed, timed_out, cancelled, retries, interruptions, duration_sum_ms, lateness_sum_ms,
        duration, lateness FROM ${t.stats}
      WHERE namespace = ? AND job = ? AND bucket = ? AND width = ? AND instance = ?`
    this.#write = `INSERT OR REPLACE INTO ${t.stats} (namespace, job, bucket, width, instance, succeeded, failed, timed_out,
        cancelled, retries, interruptions, duration_sum_ms, lateness_sum_ms, duration, lateness)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
  }

  /** Counts events by the minute, of their job and of all together: a month of a thousand jobs is too long to add up. */
  count(session: SqliteSession, namespace: string, events: readonly StatsEvent[]): void {
    for (const change of statsChanges(events)) this.add(session, namespace, change, MINUTE_MS)
  }

  /** Adds numbers to one bucket of a given width. */
  add(session: SqliteSession, namespace: string, { job, instance, bucket, numbers }: StatsChange, width: number): void {
    const key = [namespace, job, bucket, width, instance]
    const row = session.get<StatsRow>(this.#read, key)
    const sum: StatsNumbers = row === undefined ? numbers : addNumbers(numbersOf(row), numbers)
    session.run(this.#write, [...key, ...statsValues(sum)])
  }
}
