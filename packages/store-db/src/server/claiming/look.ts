import { type ClaimRequest, PUNCTUAL_MS } from '@escapement/core'
import { integerOf } from '@escapement/db'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import type { JudgedStarts, QueueStarts } from './queue-starts.ts'
import { lookSql, MOST_PASSED, MOST_TICKS } from './look-sql.ts'

/** A tick without a verdict. */
export interface SeenTick {
  readonly seq: number
  readonly job: string
  readonly queue: string
  readonly dueAt: number
}

/** A priority at which executions wait in a queue. */
export interface Level {
  readonly queue: string
  readonly priority: number
  /** When the first of them fell or falls due. */
  readonly dueAt: number
}

/** What was seen without a lock. All that is done is decided on again under locks. */
export interface Look {
  readonly now: number
  readonly isAlive: boolean
  /** Punctual ticks, and those to come within the time asked for, that a handler here can run; earliest first. */
  readonly ticks: readonly SeenTick[]
  readonly lateJobs: readonly string[]
  readonly hasExpired: boolean
  readonly hasSkippable: boolean
  /** The highest priority of each queue first. */
  readonly levels: readonly Level[]
  /** Queues with a limit across the cluster. */
  readonly limited: ReadonlySet<string>
  /** The pauses of queues that have any, as they are stored. */
  readonly pauses: ReadonlyMap<string, string>
  /** When a row falls due next, beside `ticks`; infinite: none is known. */
  readonly nextDueAt: number
}

interface LookRow {
  readonly kind: string
  readonly queue: string
  readonly job: string
  readonly seq: unknown
  readonly at: unknown
  readonly next_at: unknown
}

interface FutureRow {
  readonly job: string
  readonly queue: string
  readonly at: unknown
}

/** Looks for what a claim could do, nearly always with one statement. */
export class Looking {
  readonly #context: ServerContext
  readonly #starts: QueueStarts
  readonly #sql: Statements<ReturnType<typeof lookSql>>

  constructor(context: ServerContext, starts: QueueStarts) {
    this.#context = context
    this.#starts = starts
    this.#sql = statements(lookSql(context))
  }

  async look(namespace: string, request: ClaimRequest): Promise<Look> {
    const { instance, aheadMs, handlers } = request
    const queues = request.queues.map(({ queue }) => queue)
    const starts = this.#starts.of(namespace, queues)
    const parameters = { namespace, instance, aheadMs, queues }
    const { rows } = await (starts === null
      ? this.#context.run<LookRow>(this.#sql.look, parameters)
      : this.#context.run<LookRow>(this.#sql.lookOn, {
          ...parameters,
          ...starts.judged,
          starts: rowsText(starts.levels.map((start) => ({ ...start }))),
        }))
    const found = Map.groupBy(rows, ({ kind }) => kind)
    const of = (kind: string): readonly LookRow[] => found.get(kind) ?? []
    const now = integerOf(of('now')[0]?.at)
    const isBefore = (kind: string, time: number): boolean => of(kind).some(({ at }) => integerOf(at) < time)
    const levels = of('level').filter(({ at }) => at !== null)
    const begins = levels.map(({ queue, seq, at }) => ({ queue, priority: integerOf(seq), since: integerOf(at) }))
    const first = { levels: begins, judged: judgedOf(of) }
    if (starts === null) {
      const tookMs = integerOf(of('end')[0]?.at) - now
      this.#starts.lookedFromStart(namespace, queues, first, { now, tookMs })
    } else {
      this.#starts.lookedOn(namespace, starts, first, now)
    }
    const nextDueAt = await this.#nextDueAt(namespace, request, now, of('future'), of('level'))
    return {
      now,
      isAlive: of('instance').length > 0,
      ticks: await this.#ownTicks(namespace, of('tick'), handlers, [now - PUNCTUAL_MS, now + aheadMs]),
      lateJobs: of('late').length === 0 ? [] : await this.#lateJobs(namespace, handlers, now),
      hasExpired: isBefore('expiry', now),
      hasSkippable: isBefore('skippable', now + 1),
      levels: begins.map(({ queue, priority, since }) => ({ queue, priority, dueAt: since })),
      limited: new Set(
        of('queue')
          .filter(({ at }) => at !== null)
          .map(({ queue }) => queue),
      ),
      pauses: new Map(of('queue').map(({ queue, job: pauses }) => [queue, pauses])),
      // Behind the starts may be what nobody will tell of again.
      nextDueAt: Math.min(nextDueAt, starts === null ? Number.POSITIVE_INFINITY : now + Math.ceil(starts.forMs)),
    }
  }

  /** The first ticks that a handler here can run. */
  async #ownTicks(
    namespace: string,
    rows: readonly LookRow[],
    handlers: ReadonlySet<string>,
    [since, until]: readonly [number, number],
  ): Promise<readonly SeenTick[]> {
    const isOwn = ({ job }: { readonly job: string }): boolean => handlers.has(job)
    const own = rows.filter(isOwn)
    if (rows.length < MOST_TICKS || own.length === MOST_TICKS) return own.map(seenTick)
    // Those of others hide some of ours.
    const searched = await this.#context.run<LookRow>(this.#sql.searchTicks, { namespace, since, until })
    return searched.rows.filter(isOwn).slice(0, MOST_TICKS).map(seenTick)
  }

  async #lateJobs(namespace: string, handlers: ReadonlySet<string>, now: number): Promise<readonly string[]> {
    const { rows } = await this.#context.run<{ job: string }>(this.#sql.lateJobs, {
      namespace,
      before: now - PUNCTUAL_MS,
    })
    return rows.map(({ job }) => job).filter((job) => handlers.has(job))
  }

  /** The first row will do nearly always; only behind one that no handler here can run, more are read. */
  async #nextDueAt(
    namespace: string,
    { handlers, queues, aheadMs }: ClaimRequest,
    now: number,
    unjudged: readonly LookRow[],
    levels: readonly LookRow[],
  ): Promise<number> {
    const names = new Set(queues.map(({ queue }) => queue))
    const canRun = ({ job, queue }: { readonly job: string; readonly queue: string }): boolean =>
      handlers.has(job) && names.has(queue)
    const times: number[] = []
    for (const row of unjudged) {
      if (canRun(row)) times.push(integerOf(row.at))
      else times.push(this.#firstOf(await this.#futureTicks(namespace, now, aheadMs, row), canRun))
    }
    for (const row of levels) {
      if (row.next_at === null) continue
      if (handlers.has(row.job)) times.push(integerOf(row.next_at))
      else {
        const parameters = { namespace, queue: row.queue, priority: integerOf(row.seq), after: now }
        times.push(
          this.#firstOf((await this.#context.run<FutureRow>(this.#sql.futureOfLevel, parameters)).rows, canRun),
        )
      }
    }
    return Math.min(...times)
  }

  async #futureTicks(namespace: string, now: number, aheadMs: number, row: LookRow): Promise<readonly FutureRow[]> {
    const isLedger = integerOf(row.next_at)
    const after = isLedger === 1 ? now + aheadMs : now
    return (await this.#context.run<FutureRow>(this.#sql.futureTicks, { namespace, isLedger, after })).rows
  }

  #firstOf(rows: readonly FutureRow[], canRun: (row: FutureRow) => boolean): number {
    const next = rows.find(canRun) ?? (rows.length === MOST_PASSED ? rows.at(-1) : undefined)
    return next === undefined ? Number.POSITIVE_INFINITY : integerOf(next.at)
  }
}

/** The first of each kind that is judged. */
function judgedOf(of: (kind: string) => readonly LookRow[]): Partial<JudgedStarts> {
  const kinds = (['late', 'expiry', 'skippable'] as const).filter((kind) => of(kind).length > 0)
  return Object.fromEntries(kinds.map((kind) => [kind, integerOf(of(kind)[0]?.at)]))
}

function seenTick({ seq, job, queue, at }: LookRow): SeenTick {
  return { seq: integerOf(seq), job, queue, dueAt: integerOf(at) }
}
