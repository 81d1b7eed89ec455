import { type ClaimRequest, PUNCTUAL_MS } from '@escapement/core'
import { integerOf, type SqlParameters, type Statement } from '@escapement/db'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import type { FoundStarts, QueueStart, QueueStarts, Starts } from './queue-starts.ts'
import type { SeekingRuns } from './seeking-runs.ts'
import { LevelLooks } from './level-looks.ts'
import { MOST_TICKS } from './look-parts.ts'
import { lookSql, MOST_PASSED } from './look-sql.ts'

/** When a claim comes back that has not waited for a look from the start. Milliseconds. */
const BESIDE_MS = 1_000

/** When a claim comes back that has looked at a queue from where it may have missed something. Milliseconds. */
const NARROW_MS = 100

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
  /** From when on more may be due than it says; infinite: it was made for this claim. Unix milliseconds. */
  readonly holdsUntil: number
}

interface LookRow {
  readonly kind: string
  readonly queue: string
  readonly job: string
  readonly seq: unknown
  readonly at: unknown
  readonly next_at: unknown
}

/** What a look has read. */
interface Seen {
  readonly of: (kind: string) => readonly LookRow[]
  readonly levels: readonly QueueStart[]
  /** The server's time at the beginning. Unix milliseconds. */
  readonly now: number
  /** Its time at the end, on PostgreSQL; elsewhere it is `now`. */
  readonly endedAt: number
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
  readonly #runs: SeekingRuns
  readonly #sql: Statements<ReturnType<typeof lookSql>>
  /** Where looks down a queue would read all of it. */
  readonly #levels: LevelLooks | null
  /** Namespaces whose look from the start is under way beside claims. */
  readonly #beside = new Set<string>()

  constructor(context: ServerContext, starts: QueueStarts, runs: SeekingRuns) {
    this.#context = context
    this.#starts = starts
    this.#runs = runs
    this.#sql = statements(lookSql(context))
    this.#levels = context.sql.seeksRanges ? null : new LevelLooks(context)
  }

  async look(namespace: string, request: ClaimRequest): Promise<Look> {
    const starts = this.#starts.of(namespace, queuesOf(request))
    if (starts === null) return await this.#lookFromStart(namespace, request)
    if (starts.forMs === 0) this.#lookBeside(namespace, request)
    const { look, isNarrow } = await this.#lookOn(namespace, request, starts)
    if (!isNarrow) return look
    if (hasDue(look)) return { ...look, nextDueAt: Math.min(look.nextDueAt, look.now + NARROW_MS) }
    const wider = this.#starts.of(namespace, queuesOf(request))
    return wider === null
      ? await this.#lookFromStart(namespace, request)
      : (await this.#lookOn(namespace, request, wider)).look
  }

  /** It may take a second, for which nobody waits. */
  #lookBeside(namespace: string, request: ClaimRequest): void {
    if (this.#beside.has(namespace)) return
    this.#beside.add(namespace)
    const done = (): void => void this.#beside.delete(namespace)
    this.#lookFromStart(namespace, request).then(done, done) // a fault meets the claims as well, which tell of it
  }

  async #lookFromStart(namespace: string, request: ClaimRequest): Promise<Look> {
    const { forgotten } = this.#starts
    const seen = await this.#seenFromStart(namespace, request)
    const look = { now: seen.now, tookMs: seen.endedAt - seen.now, forgotten }
    this.#starts.lookedFromStart(namespace, queuesOf(request), foundStarts(seen), look)
    return await this.#answer(namespace, request, seen)
  }

  async #seenFromStart(namespace: string, request: ClaimRequest): Promise<Seen> {
    const parameters = parametersOf(namespace, request)
    const known = this.#levels?.look(namespace, queuesOf(request))
    if (known !== undefined) {
      const seen = await this.#seen(known.statement, { ...parameters, ...known.parameters })
      if (seen.of('gap').length === 0) return seen
    }
    const seen = await this.#seen(this.#sql.look, parameters)
    this.#levels?.saw(namespace, seen.levels)
    return seen
  }

  async #lookOn(
    namespace: string,
    request: ClaimRequest,
    starts: Starts,
  ): Promise<{ readonly look: Look; readonly isNarrow: boolean }> {
    const seen = await this.#seen(this.#sql.lookOn, {
      ...parametersOf(namespace, request),
      ...starts.judged,
      starts: rowsText(starts.levels.map((start) => ({ ...start }))),
    })
    const isNarrow = this.#starts.lookedOn(namespace, starts, foundStarts(seen), seen.now)
    const answer = await this.#answer(namespace, request, seen)
    // Behind the starts may be what nobody will tell of again.
    const againAt = seen.now + Math.ceil(starts.forMs || BESIDE_MS)
    return { look: { ...answer, nextDueAt: Math.min(answer.nextDueAt, againAt) }, isNarrow }
  }

  async #seen(statement: Statement, parameters: SqlParameters): Promise<Seen> {
    const { rows } = await this.#runs.run<LookRow>(statement, parameters)
    const found = Map.groupBy(rows, ({ kind }) => kind)
    const of = (kind: string): readonly LookRow[] => found.get(kind) ?? []
    const levels = of('level').flatMap(({ queue, seq, at }) =>
      at === null ? [] : [{ queue, priority: integerOf(seq), since: integerOf(at) }],
    )
    return { of, levels, now: integerOf(of('now')[0]?.at), endedAt: integerOf(of('end')[0]?.at) }
  }

  async #answer(namespace: string, request: ClaimRequest, { of, levels, now }: Seen): Promise<Look> {
    const { aheadMs, handlers } = request
    const isBefore = (kind: string, time: number): boolean => of(kind).some(({ at }) => integerOf(at) < time)
    return {
      now,
      isAlive: of('instance').length > 0,
      ticks: await this.#ownTicks(namespace, of('tick'), handlers, [now - PUNCTUAL_MS, now + aheadMs]),
      lateJobs: of('late').length === 0 ? [] : await this.#lateJobs(namespace, handlers, now),
      hasExpired: isBefore('expiry', now),
      hasSkippable: isBefore('skippable', now + 1),
      levels: levels.map(({ queue, priority, since }) => ({ queue, priority, dueAt: since })),
      limited: new Set(
        of('queue')
          .filter(({ at }) => at !== null)
          .map(({ queue }) => queue),
      ),
      pauses: new Map(of('queue').map(({ queue, job: pauses }) => [queue, pauses])),
      nextDueAt: await this.#nextDueAt(namespace, request, now, of('future'), of('level')),
      holdsUntil: Number.POSITIVE_INFINITY,
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

function queuesOf({ queues }: ClaimRequest): readonly string[] {
  return queues.map(({ queue }) => queue)
}

function parametersOf(namespace: string, request: ClaimRequest): SqlParameters {
  return { namespace, instance: request.instance, aheadMs: request.aheadMs, queues: queuesOf(request) }
}

/** Where rows begin, and the first of each kind that is judged. */
function foundStarts({ of, levels }: Seen): FoundStarts {
  const kinds = (['late', 'expiry', 'skippable'] as const).filter((kind) => of(kind).length > 0)
  return { levels, judged: Object.fromEntries(kinds.map((kind) => [kind, integerOf(of(kind)[0]?.at)])) }
}

function hasDue({ now, ticks, levels }: Look): boolean {
  return ticks.length > 0 || levels.some(({ dueAt }) => dueAt <= now)
}

function seenTick({ seq, job, queue, at }: LookRow): SeenTick {
  return { seq: integerOf(seq), job, queue, dueAt: integerOf(at) }
}
