import type { ClaimRequest, ClaimResult, QueueDemand } from '@escapement/core'
import { integerOf, type SqlParameters } from '@escapement/db'
import { NOTHING } from '../../claiming/nothing-claimed.ts'
import { parsePauses } from '../../job/pause-text.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { AGAIN_MS } from './claim-sql.ts'
import { fastClaimSql } from './fast-claim-sql.ts'
import { fastClaimed } from './fast-claimed.ts'
import type { Level, Look } from './look.ts'
import type { SeekingRuns } from './seeking-runs.ts'
import { demandedQueues, dueLevels, isToJudge, nextDueAt } from './look-answer.ts'

/** A queue in which something was not common is left to passes for so long. Milliseconds. */
const REST_MS = 100

/** Beside each row that was taken, or without one, what has come of it. */
interface FastRow {
  readonly now: unknown
  readonly outcome: 'closed' | 'uncommon' | 'short' | 'taken'
  readonly seq: unknown
}

/** Rows that the first claim of a queue takes, before it is known how much waits. */
const MOST_OF_FIRST = 50

/** The names of handlers go along with each statement; beyond so many the pass, which reads the rows first, costs less. */
const MOST_HANDLERS = 1_000

/** What one statement can take: rows of one priority of one queue. */
interface Chance {
  readonly demand: QueueDemand
  readonly level: Level
  readonly pauses: string
}

/**
 * Claims in one round trip where nothing has to be weighed: plain runs, and ticks that have their verdict, of jobs that are
 * not exclusive, of one queue without a limit and one priority. All else is left untouched to the pass.
 */
export class FastClaim {
  readonly #context: ServerContext
  readonly #runs: SeekingRuns
  readonly #sql: Statements<ReturnType<typeof fastClaimSql>>
  /** Queues of which the last claim took many. */
  readonly #busy = new Set<string>()
  /** When queues are tried again, on the monotonic clock. */
  readonly #restUntil = new Map<string, number>()

  constructor(context: ServerContext, runs: SeekingRuns) {
    this.#context = context
    this.#runs = runs
    this.#sql = statements(fastClaimSql(context))
  }

  /** Null: the pass has to decide, and nothing was changed. */
  async claim(namespace: string, request: ClaimRequest, look: Look): Promise<ClaimResult | null> {
    const chance = chanceOf(request, look)
    if (chance === null) return null
    const { demand, level, pauses } = chance
    const place = `${namespace} ${demand.queue}`
    const clock = this.#context.server.runtime
    if (clock.monotonic() < (this.#restUntil.get(place) ?? Number.NEGATIVE_INFINITY)) return null
    const { instance, token, handlers } = request
    const { queue, slots, prefetch } = demand
    const isBusy = this.#busy.has(place)
    const most = isBusy ? slots + prefetch : Math.min(slots + prefetch, MOST_OF_FIRST)
    const rows = await this.#run(isBusy, {
      namespace,
      instance,
      token,
      queue,
      priority: level.priority,
      since: level.dueAt,
      slots,
      most,
      pauses,
      holdsUntil: Math.min(look.holdsUntil, Number.MAX_SAFE_INTEGER),
      handlers: [...handlers],
    })
    const [first] = rows
    if (first === undefined || first.outcome === 'closed') return null
    if (first.outcome === 'uncommon') {
      this.#restUntil.set(place, clock.monotonic() + REST_MS)
      return null
    }
    const now = integerOf(first.now)
    const taken = fastClaimed(
      rows.filter(({ seq }) => seq !== null),
      { queue, priority: level.priority, claimed_at: now },
    )
    if (taken.length < Math.min(most, MOST_OF_FIRST)) this.#busy.delete(place)
    else this.#busy.add(place)
    const again = first.outcome === 'short' ? now + AGAIN_MS : Number.POSITIVE_INFINITY
    const next = Math.min(again, nextDueAt(look, request, now, new Set(), []))
    const demanded = demandedQueues(request)
    return {
      ...NOTHING,
      executions: taken,
      lateJobs: look.lateJobs,
      nextDueAt: next === Number.POSITIVE_INFINITY ? null : next,
      hasMore: taken.length >= most || dueLevels(look).some((due) => !demanded.has(due.queue)),
      now,
    }
  }

  /** Where much waits, two more round trips cost little, and a plan that reads the whole table would cost a lot. */
  async #run(isBusy: boolean, parameters: SqlParameters): Promise<readonly FastRow[]> {
    if (!isBusy) return (await this.#runs.run<FastRow>(this.#sql.claim, parameters)).rows
    const claimed = await this.#context.transaction((session) =>
      session.run<FastRow>(this.#sql.claimOfMany, parameters),
    )
    return claimed.rows
  }
}

function chanceOf(request: ClaimRequest, look: Look): Chance | null {
  const demanded = demandedQueues(request)
  if (request.isRepeat || request.handlers.size > MOST_HANDLERS || isToJudge(look, demanded)) return null
  const [level, ...others] = dueLevels(look).filter(({ queue }) => demanded.has(queue))
  const demand = demanded.get(level?.queue ?? '')
  if (level === undefined || demand === undefined || others.length > 0 || look.limited.has(demand.queue)) return null
  const pauses = look.pauses.get(demand.queue) ?? '[]'
  const isOver = parsePauses(pauses).every(({ until }) => until !== null && until <= look.now)
  return isOver ? { demand, level, pauses } : null
}
