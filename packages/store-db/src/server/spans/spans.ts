import type { Span } from '@escapement/core'
import { integerOf, type SqlSession, type Statement } from '@escapement/db'
import { type SpanRow, spanOf } from '../../span/span-row.ts'
import { readNumbers } from '../read-numbers.ts'
import { type RowObject, rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { changesOf, jointsOf, type Piece, piecesOf } from './span-merging.ts'
import { spansSql } from './spans-sql.ts'

const HAS_RUN: ReadonlySet<string> = new Set(['succeeded', 'failed', 'timed_out', 'cancelled'])

/** Ticks that have a verdict and no execution (rule 4). */
export class ServerSpans {
  readonly #sql: Statements<ReturnType<typeof spansSql>>

  constructor(context: ServerContext) {
    this.#sql = statements(spansSql(context))
  }

  /**
   * Adds spans, of any jobs, each merged with neighbours of the same verdict and revision between which no other tick
   * lies. The executions of the transaction are inserted, and folded ones removed, before.
   */
  async add(session: SqlSession, namespace: string, spans: readonly Span[]): Promise<void> {
    if (spans.length === 0) return
    // In the order of jobs: of two who add to the same spans, none then waits for the other in a ring.
    const inOrder = spans.toSorted((a, b) => Number(a.job > b.job) - Number(a.job < b.job))
    const added = Map.groupBy(inOrder, ({ job }) => job)
    const ranges = [...added].map(([job, ofJob]) => ({
      job,
      low: Math.min(...ofJob.map(({ from }) => from)),
      high: Math.max(...ofJob.map(({ to }) => to)),
    }))
    const { rows } = await session.run(this.#sql.around, { namespace, rows: rowsText(ranges) })
    const stored = Map.groupBy(rows.map(spanOfRow), ({ job }) => job)
    const jobs = [...added].map(([job, ofJob]) => piecesOf(stored.get(job) ?? [], ofJob))
    const joints = await this.#freeJoints(session, namespace, jobs)
    const changes = jobs.map((pieces, index) => changesOf(pieces, joints[index] ?? new Set()))
    const write = (statement: Statement, written: readonly Span[]): Promise<void> =>
      this.#write(session, namespace, statement, written)
    await write(
      this.#sql.remove,
      changes.flatMap(({ removed }) => removed),
    )
    await write(
      this.#sql.change,
      changes.flatMap(({ extended }) => extended),
    )
    await write(
      this.#sql.insert,
      changes.flatMap(({ inserted }) => inserted),
    )
  }

  /**
   * Takes ticks of one job out of the spans that cover them.
   *
   * @returns The ticks without those whose verdict came from running, so that they must not run again.
   */
  async take(
    session: SqlSession,
    namespace: string,
    job: string,
    ticks: readonly number[],
  ): Promise<readonly number[]> {
    if (ticks.length === 0) return []
    const range = { low: Math.min(...ticks), high: Math.max(...ticks) }
    const { rows } = await session.run(this.#sql.touching, { namespace, job, ...range })
    const spans = rows.map(spanOfRow)
    const left = new Map(spans.map((span) => [span, span.count]))
    const taken = ticks.filter((tick) => {
      const span = spans.find(({ from, to }) => from <= tick && to >= tick)
      if (span === undefined) return true
      if (HAS_RUN.has(span.reason)) return false
      left.set(span, (left.get(span) as number) - 1)
      return true
    })
    const changed = spans.map((span) => ({ ...span, count: left.get(span) as number }))
    const emptied = changed.filter(({ count }) => count <= 0)
    const smaller = changed.filter(({ count }, index) => count > 0 && count < (spans[index] as Span).count)
    await this.#write(session, namespace, this.#sql.remove, emptied)
    await this.#write(session, namespace, this.#sql.change, smaller)
    return taken
  }

  /** For each job the joints between which no tick with an execution lies. */
  async #freeJoints(
    session: SqlSession,
    namespace: string,
    jobs: readonly (readonly Piece[])[],
  ): Promise<readonly ReadonlySet<number>[]> {
    const gaps = jobs.flatMap((pieces, index) =>
      jointsOf(pieces).map((joint) => {
        const { job, to } = (pieces[joint] as Piece).span
        return { index, joint, job, low: to, high: (pieces[joint + 1] as Piece).span.from }
      }),
    )
    if (gaps.length === 0) return []
    const rows = rowsText(gaps.map(({ job, low, high }, gap) => ({ gap, job, low, high })))
    const found = await session.run<{ gap: unknown }>(this.#sql.occupied, { namespace, rows })
    const occupied = new Set(found.rows.map(({ gap }) => integerOf(gap)))
    const free = jobs.map(() => new Set<number>())
    for (const [gap, { index, joint }] of gaps.entries()) if (!occupied.has(gap)) free[index]?.add(joint)
    return free
  }

  async #write(session: SqlSession, namespace: string, statement: Statement, spans: readonly Span[]): Promise<void> {
    if (spans.length > 0) await session.run(statement, { namespace, rows: rowsText(spans.map(spanObject)) })
  }
}

/** A row as a {@link Span}. */
export function spanOfRow(row: object): Span {
  return spanOf(readNumbers<SpanRow>(row, ['revision', 'from_at', 'to_at', 'count']))
}

function spanObject({ job, revision, from, to, count, reason }: Span): RowObject {
  return { job, revision, from_at: from, to_at: to, count, reason }
}
