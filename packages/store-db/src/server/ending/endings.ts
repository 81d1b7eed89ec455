import type { HistoryPolicy, SpanReason } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import {
  type Ending,
  type EndingRow,
  endEvent,
  guardsItsKey,
  historyOf,
  isKept,
  tickSpan,
} from '../../settle/ending-row.ts'
import type { SettledExecution } from '../../settle/settled-memory.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import type { ServerSpans } from '../spans/spans.ts'
import { type Statements, statements } from '../statements.ts'
import type { ServerStatistics } from '../statistics/statistics.ts'
import { endingRowOf } from './ending-columns.ts'
import { endingSql } from './ending-sql.ts'
import type { ExecutionRemoval } from './execution-removal.ts'

/** An execution that has ended, and how its job keeps it. */
export interface EndedExecution {
  /** Whether attempts of it may be recorded. */
  readonly hasAttempts: boolean
  readonly row: EndingRow
  readonly status: Ending['status']
  readonly history: HistoryPolicy
}

/** What endings change beside executions. */
export interface EndingParts {
  readonly removal: ExecutionRemoval
  readonly spans: ServerSpans
  readonly statistics: ServerStatistics
}

/**
 * Gives executions their verdicts and keeps their rows as far as the history of their jobs says (rules 3 and 4). All
 * rows are locked by the caller, as they were when they were decided on; statistics are counted last.
 */
export class ServerEndings {
  readonly #sql: Statements<ReturnType<typeof endingSql>>
  readonly #parts: EndingParts

  constructor(context: ServerContext, parts: EndingParts) {
    this.#sql = statements(endingSql(context))
    this.#parts = parts
  }

  /** Ends executions that are not being settled by their owner, counts them, and applies their history. */
  async finish(
    session: SqlSession,
    namespace: string,
    endings: readonly (Ending & { readonly row: EndingRow })[],
  ): Promise<void> {
    if (endings.length === 0) return
    const rows = endings.map(({ row, status, reason, finishedAt }) => ({
      seq: row.seq,
      status,
      reason,
      finished_at: finishedAt,
    }))
    await session.run(this.#sql.end, { rows: rowsText(rows) })
    await session.run(this.#sql.settled, { seqs: rows.map(({ seq }) => seq) })
    const histories = await this.#histories(session, namespace, endings)
    await this.applyHistory(
      session,
      namespace,
      endings.map(({ row, status }, index) => {
        return { row, status, history: histories[index] as HistoryPolicy, hasAttempts: row.attempt > 0 }
      }),
    )
    const counted = endings.filter(({ status }) => status !== 'skipped').map((ending) => endEvent(ending.row, ending))
    await this.#parts.statistics.count(session, namespace, counted)
  }

  /** Turns rows of ticks that do not run into spans. */
  async fold(
    session: SqlSession,
    namespace: string,
    folded: readonly { readonly row: EndingRow; readonly reason: SpanReason }[],
  ): Promise<void> {
    await this.#remove(
      session,
      folded.map(({ row }) => ({ row, hasAttempts: row.attempt > 0 })),
    )
    await this.#parts.spans.add(
      session,
      namespace,
      folded.map(({ row, reason }) => tickSpan(row, reason)),
    )
  }

  /**
   * Keeps or removes the rows of settled executions.
   *
   * @returns The executions whose rows are gone.
   */
  async applyHistory(
    session: SqlSession,
    namespace: string,
    ended: readonly EndedExecution[],
  ): Promise<readonly SettledExecution[]> {
    const gone = ended.filter(({ row, status, history }) => !isKept(row, status, history))
    const counted = ended.filter(({ row, history }) => typeof history !== 'string' && !guardsItsKey(row))
    const surplus = counted.length === 0 ? [] : await this.#surplus(session, namespace, counted)
    await this.#letGo(session, namespace, [...gone, ...surplus])
    return [...gone, ...surplus].map(({ row, status }) => ({ id: row.id, fence: BigInt(row.fence), status }))
  }

  /** Removes the rows of executions that have ended; in the ledger spans stand for them. */
  async #letGo(
    session: SqlSession,
    namespace: string,
    gone: readonly Omit<EndedExecution, 'history'>[],
  ): Promise<void> {
    const ticks = gone.filter(({ row }) => row.is_ledger === 1)
    await this.#remove(session, gone)
    const spans = ticks.map(({ row, status }) => tickSpan(row, status as SpanReason))
    await this.#parts.spans.add(session, namespace, spans)
  }

  async #remove(session: SqlSession, gone: readonly Pick<EndedExecution, 'row' | 'hasAttempts'>[]): Promise<void> {
    await this.#parts.removal.remove(
      session,
      gone.map(({ row }) => row.seq),
    )
    const attempted = gone.filter(({ hasAttempts }) => hasAttempts).map(({ row }) => row.seq)
    if (attempted.length > 0) await session.run(this.#sql.removeAttempts, { seqs: attempted })
  }

  /** Marks executions as kept for their number's sake, and answers those that are then too many. */
  async #surplus(
    session: SqlSession,
    namespace: string,
    kept: readonly EndedExecution[],
  ): Promise<readonly Omit<EndedExecution, 'history'>[]> {
    await session.run(this.#sql.markKept, { seqs: kept.map(({ row }) => row.seq) })
    const limits = new Map(kept.map(({ row, history }) => [row.job, (history as { keep: number }).keep]))
    const jobs = [...limits].map(([job, keep]) => ({ job, keep }))
    const found = await session.run<{ seq: unknown }>(this.#sql.surplus, { namespace, rows: rowsText(jobs) })
    if (found.rows.length === 0) return []
    const seqs = found.rows.map(({ seq }) => integerOf(seq))
    const locked = await session.run<{ status: Ending['status'] }>(this.#sql.lockSurplus, { seqs })
    return locked.rows.map((row) => ({ row: endingRowOf<EndingRow>(row), status: row.status, hasAttempts: true }))
  }

  async #histories(
    session: SqlSession,
    namespace: string,
    ended: readonly { readonly row: EndingRow }[],
  ): Promise<readonly HistoryPolicy[]> {
    const revisionOf = ({ job, revision }: { readonly job: string; readonly revision: unknown }): string =>
      `${job} ${String(revision)}`
    const revisions = new Map(ended.map(({ row }) => [revisionOf(row), { job: row.job, revision: row.revision }]))
    const { rows } = await session.run<{ job: string; revision: unknown; history: string | null }>(
      this.#sql.histories,
      { namespace, rows: rowsText([...revisions.values()]) },
    )
    const histories = new Map(rows.map((row) => [revisionOf(row), historyOf(row.history ?? 'all')]))
    return ended.map(({ row }) => histories.get(revisionOf(row)) ?? 'all')
  }
}
