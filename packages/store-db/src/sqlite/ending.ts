import type { HistoryPolicy, SpanReason } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import {
  endEvent,
  type Ending,
  type EndingRow,
  guardsItsKey,
  historyOf,
  isKept,
  tickSpan,
} from '../settle/ending-row.ts'
import type { SettledExecution } from '../settle/settled-memory.ts'
import type { TableNames } from '../table-names.ts'
import { endingSql } from './ending-sql.ts'
import { SqliteSpans } from './spans.ts'
import { SqliteStatistics } from './statistics.ts'

/** Gives executions their verdicts and keeps their rows as far as the history of their job says (rules 3 and 4). */
export class SqliteEndings {
  readonly spans: SqliteSpans
  readonly statistics: SqliteStatistics
  readonly #sql: ReturnType<typeof endingSql>

  constructor(tables: TableNames) {
    this.spans = new SqliteSpans(tables)
    this.statistics = new SqliteStatistics(tables)
    this.#sql = endingSql(tables)
  }

  /** Ends an execution that is not being settled by its owner, counts it, and applies its history. */
  finish(session: SqliteSession, namespace: string, row: EndingRow, ending: Ending): void {
    const { status, reason, finishedAt } = ending
    if (session.run(this.#sql.end, [status, reason, finishedAt, row.seq]) === 0) return
    if (status !== 'skipped') this.statistics.count(session, namespace, [endEvent(row, ending)])
    this.applyHistory(session, namespace, row, status, this.#historyOf(session, namespace, row))
  }

  /** Turns the row of a tick that does not run, or whose history is not kept, into a span. */
  fold(session: SqliteSession, namespace: string, row: EndingRow, reason: SpanReason): void {
    session.run(this.#sql.remove, [row.seq])
    this.spans.add(session, namespace, tickSpan(row, reason))
  }

  /**
   * Keeps or removes the row of a settled execution.
   *
   * @returns The executions whose rows are gone.
   */
  applyHistory(
    session: SqliteSession,
    namespace: string,
    row: EndingRow,
    status: Ending['status'],
    history: HistoryPolicy,
  ): readonly SettledExecution[] {
    if (!isKept(row, status, history)) return [this.letGo(session, namespace, row, status)]
    if (typeof history === 'string' || guardsItsKey(row)) return []
    session.run(this.#sql.markKept, [row.seq])
    const surplus = session.all<EndingRow & { status: Ending['status'] }>(this.#sql.surplus, [
      namespace,
      row.job,
      history.keep,
    ])
    return surplus.map((oldest) => this.letGo(session, namespace, oldest, oldest.status))
  }

  #historyOf(session: SqliteSession, namespace: string, row: EndingRow): HistoryPolicy {
    const found = session.get<{ history: string }>(this.#sql.history, [namespace, row.job, row.revision])
    return historyOf(found?.history ?? 'all')
  }

  /** Removes the row of an execution that has ended; in the ledger a span stands for it. */
  letGo(session: SqliteSession, namespace: string, row: EndingRow, status: Ending['status']): SettledExecution {
    if (row.is_ledger === 1) this.fold(session, namespace, row, status as SpanReason)
    else session.run(this.#sql.remove, [row.seq])
    return { id: row.id, fence: BigInt(row.fence), status }
  }
}
