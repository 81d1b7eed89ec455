import type { Span } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { type SpanRow, spanOf } from '../span/span-row.ts'
import type { TableNames } from '../table-names.ts'
import { spansSql } from './spans-sql.ts'

const HAS_RUN: ReadonlySet<string> = new Set(['succeeded', 'failed', 'timed_out', 'cancelled'])

/** Ticks that have a verdict and no execution (rule 4). */
export class SqliteSpans {
  readonly #sql: ReturnType<typeof spansSql>

  constructor(tables: TableNames) {
    this.#sql = spansSql(tables)
  }

  /** Adds a span, merged with a neighbour of the same verdict and revision between which no other tick lies. */
  add(session: SqliteSession, namespace: string, span: Span): void {
    const before = this.#neighbour(session, this.#sql.before, namespace, span.job, span.from)
    let merged = span
    if (before !== null && isOneVerdict(before, span) && this.#isFree(session, namespace, before, span)) {
      merged = { ...before, to: span.to, count: before.count + span.count }
      this.#extend(session, namespace, merged)
    } else {
      const { job, revision, from, to, count, reason } = span
      session.run(this.#sql.insert, [namespace, job, revision, from, to, count, reason])
    }
    const after = this.#neighbour(session, this.#sql.after, namespace, span.job, merged.to)
    if (after === null || !isOneVerdict(merged, after) || !this.#isFree(session, namespace, merged, after)) return
    this.#remove(session, namespace, after)
    this.#extend(session, namespace, { ...merged, to: after.to, count: merged.count + after.count })
  }

  /**
   * Takes one tick out of the span that covers it. False: it has a verdict there that came from running, so that it
   * must not run again.
   */
  take(session: SqliteSession, namespace: string, job: string, tick: number): boolean {
    const rows = session.all<SpanRow>(this.#sql.around, [namespace, job, tick])
    const span = rows.map(spanOf).find(({ to }) => to >= tick)
    if (span === undefined) return true
    if (HAS_RUN.has(span.reason)) return false
    if (span.count === 1) this.#remove(session, namespace, span)
    else this.#extend(session, namespace, { ...span, count: span.count - 1 })
    return true
  }

  #neighbour(session: SqliteSession, sql: string, namespace: string, job: string, at: number): Span | null {
    const row = session.get<SpanRow>(sql, [namespace, job, at])
    return row === undefined ? null : spanOf(row)
  }

  #isFree(session: SqliteSession, namespace: string, before: Span, after: Span): boolean {
    const parameters = [namespace, before.job, before.to, after.from]
    return session.get(this.#sql.executionBetween, parameters) === undefined
  }

  #extend(session: SqliteSession, namespace: string, { job, from, to, count, reason }: Span): void {
    session.run(this.#sql.extend, [to, count, namespace, job, from, reason])
  }

  #remove(session: SqliteSession, namespace: string, { job, from, reason }: Span): void {
    session.run(this.#sql.remove, [namespace, job, from, reason])
  }
}

function isOneVerdict(a: Span, b: Span): boolean {
  return a.revision === b.revision && a.reason === b.reason && a.to < b.from
}
