import type { ClaimedExecution, ClaimRequest, ClaimResult } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import { goesBefore } from '../../claiming/candidate.ts'
import { claimedOf, sharedGuardKey } from '../../claiming/claimed-row.ts'
import { NOTHING } from '../../claiming/nothing-claimed.ts'
import type { ServerEndings } from '../ending/endings.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { ClaimFacts, type ClaimScope, type ClaimSql, guardsOf } from './claim-facts.ts'
import { type ClaimableRow, claimableRowOf } from './claimable-row.ts'
import { AGAIN_MS, AT_ONCE, claimSql } from './claim-sql.ts'
import { Eligibility } from './eligibility.ts'
import { certainTicks, expire, type Judgement, judgeTicks, skip } from './judging.ts'
import { FastClaim } from './fast-claim.ts'
import type { Foresight } from './foresight.ts'
import { Lanes } from './lanes.ts'
import { type Look, Looking } from './look.ts'
import { demandedQueues, idleAnswer, nextDueAt } from './look-answer.ts'
import type { QueueStarts } from './queue-starts.ts'
import { SeekingRuns } from './seeking-runs.ts'
import { Selecting } from './selection.ts'
import type { Selection } from '../../claiming/room.ts'

/** What claiming needs of other roles. */
export interface ClaimPassParts {
  readonly endings: ServerEndings
  readonly starts: QueueStarts
  readonly foresight: Foresight
}

/**
 * A claim: a look without locks, and only where something can be done one short transaction, or in the common case a
 * single statement, where the server is able to.
 */
export class ClaimPass {
  readonly #context: ServerContext
  readonly #looking: Looking
  readonly #fast: FastClaim | null
  readonly #sql: ClaimSql
  readonly #lanes: Lanes
  readonly #endings: ServerEndings
  readonly #foresight: Foresight

  constructor(context: ServerContext, { endings, starts, foresight }: ClaimPassParts) {
    this.#context = context
    const runs = new SeekingRuns(context)
    this.#looking = new Looking(context, starts, runs)
    this.#fast = context.sql.passesOn ? new FastClaim(context, runs) : null
    this.#lanes = new Lanes(context)
    this.#sql = statements(claimSql(context))
    this.#endings = endings
    this.#foresight = foresight
  }

  async claim(namespace: string, request: ClaimRequest): Promise<ClaimResult> {
    const foreseen = await this.#claimForeseen(namespace, request)
    if (foreseen !== null) return foreseen
    const { changes } = this.#foresight
    const look = await this.#looking.look(namespace, request)
    this.#foresight.looked(namespace, request, look, changes)
    const idle = idleAnswer(look, request)
    if (idle !== null) return { ...NOTHING, ...idle }
    const claimed = await this.#fast?.claim(namespace, request, look)
    return claimed ?? (await this.#context.transaction((session) => this.#pass(session, namespace, request, look)))
  }

  /** Null: nothing was foreseen, or it was not as foreseen. */
  async #claimForeseen(namespace: string, request: ClaimRequest): Promise<ClaimResult | null> {
    const look = this.#foresight.look(namespace, request)
    if (look === null || this.#fast === null) return null
    const claimed = await this.#fast.claim(namespace, request, look)
    return claimed === null || claimed.executions.length === 0 ? null : claimed
  }

  async #pass(session: SqlSession, namespace: string, request: ClaimRequest, look: Look): Promise<ClaimResult> {
    const { instance, handlers } = request
    const sql = this.#sql
    const found = await session.run<{ lease_until: unknown; now: unknown }>(sql.lockInstance, { namespace, instance })
    const own = found.rows[0]
    if (own === undefined) return { ...NOTHING, isAlive: false, now: look.now }
    const scope: ClaimScope = { session, sql, namespace, instance, handlers, now: integerOf(own.now) }
    if (request.isRepeat) {
      await session.run(sql.closeToken, { namespace, instance, token: request.token })
      const repeated = await repeatedClaim(scope, request)
      if (repeated.length > 0) return { ...NOTHING, executions: repeated, hasMore: true, now: scope.now }
    }
    const facts = new ClaimFacts(scope)
    const { judgement, coming, isTickLeft } = await judge(scope, facts, request, look)
    const eligibility = new Eligibility(facts, handlers)
    const mayStart = integerOf(own.lease_until) > scope.now && !judgement.hasMoreExpired
    const levels = look.levels.filter(({ dueAt }) => dueAt <= scope.now)
    const selection: Selection<ClaimableRow> = mayStart
      ? await new Selecting(scope, facts, eligibility, this.#lanes).select({
          demands: request.queues,
          levels,
          fresh: judgement.kept,
          coming,
          ended: new Set([...judgement.folded, ...judgement.finished].map(({ row }) => row.seq)),
        })
      : { starts: [], ahead: [], hasMore: false }
    await this.#write(scope, judgement, selection)
    const executions = await take(scope, facts, request, selection)
    const taken = new Set(executions.map(({ id }) => id))
    const dropped = judgement.folded.map(({ row, reason }) => ({
      job: row.job,
      scheduledFor: row.scheduled_for,
      reason,
    }))
    const isMore = isTickLeft || judgement.hasMoreExpired
    const next = Math.min(
      isMore ? scope.now : Number.POSITIVE_INFINITY,
      facts.isIncomplete ? scope.now + AGAIN_MS : Number.POSITIVE_INFINITY,
      nextDueAt(look, request, scope.now, taken, coming),
      eligibility.nextPauseEnd,
    )
    return {
      isAlive: true,
      executions,
      dropped,
      lateJobs: look.lateJobs,
      cancelRequested: judgement.cancelled.filter(({ status }) => status !== 'scheduled').map(({ id }) => id),
      nextDueAt: next === Number.POSITIVE_INFINITY ? null : next,
      hasMore: selection.hasMore,
      now: scope.now,
    }
  }

  /** Writes verdicts, before anything is taken: what has ended is open no more. */
  async #write(
    { session, sql, namespace, now }: ClaimScope,
    judgement: Judgement,
    selection: Selection<ClaimableRow>,
  ): Promise<void> {
    const { folded, finished, cancelled, kept } = judgement
    const taken = new Set([...selection.starts, ...selection.ahead])
    const waiting = kept.filter((tick) => !taken.has(tick)).map(({ seq }) => seq)
    if (waiting.length > 0) await session.run(sql.keep, { seqs: waiting })
    if (cancelled.length > 0) await session.run(sql.requestCancel, { seqs: cancelled.map(({ seq }) => seq), now })
    if (folded.length > 0) await this.#endings.fold(session, namespace, folded)
    if (finished.length > 0) await this.#endings.finish(session, namespace, finished)
  }
}

/** Locks what the look has seen and judges it. */
async function judge(
  scope: ClaimScope,
  facts: ClaimFacts,
  request: ClaimRequest,
  look: Look,
): Promise<{ judgement: Judgement; coming: readonly ClaimableRow[]; isTickLeft: boolean }> {
  const { session, sql, now } = scope
  const judgement: Judgement = { folded: [], finished: [], cancelled: [], kept: [], hasMoreExpired: false }
  const inDemand = demandedQueues(request)
  const due = look.ticks.filter(({ dueAt }) => dueAt <= now)
  const ahead = look.ticks.filter(({ dueAt, queue }) => dueAt > now && inDemand.has(queue))
  const used = new Set([...look.levels.filter(({ dueAt }) => dueAt <= now), ...due, ...ahead].map(({ queue }) => queue))
  await facts.lockQueues([...used].filter((queue) => inDemand.has(queue) && look.limited.has(queue)))
  await facts.shareQueues(used)
  const room = [...inDemand.values()].reduce((sum, { slots, prefetch }) => sum + slots + prefetch, 0)
  const wanted = due.length + Math.min(room, ahead.length)
  let coming: readonly ClaimableRow[] = []
  let isTickLeft = look.ticks.length >= AT_ONCE && due.length === look.ticks.length
  if (wanted > 0) {
    const seqs = [...due, ...ahead].map(({ seq }) => seq)
    const rows = (await session.run(sql.lockTicks(2 ** Math.ceil(Math.log2(wanted))), { seqs })).rows.map(
      claimableRowOf,
    )
    const dueRows = rows.filter((row) => row.due_at <= now)
    if (dueRows.length < due.length) facts.isIncomplete = true
    await judgeTicks(scope, facts, judgement, dueRows)
    coming = (
      await certainTicks(
        facts,
        rows.filter((row) => row.due_at > now),
      )
    ).toSorted(goesBefore)
  } else {
    isTickLeft = false
  }
  if (look.hasExpired) await expire(scope, judgement)
  if (look.hasSkippable) await skip(scope, facts, judgement)
  return { judgement, coming, isTickLeft }
}

/** Takes rows for an instance, each with a fence above all before: max(counter + 1, time in microseconds) (rule 16). */
async function take(
  { session, sql, namespace, instance, now }: ClaimScope,
  facts: ClaimFacts,
  { token }: ClaimRequest,
  { starts, ahead }: Selection<ClaimableRow>,
): Promise<readonly ClaimedExecution[]> {
  if (starts.length + ahead.length === 0) return []
  const raised = (fence: number): number => Math.max(fence + 1, now * 1_000)
  const taken = [
    ...starts.toSorted(goesBefore).map((row) => ({ row, startedAt: Math.max(row.due_at, now) })),
    ...ahead.toSorted(goesBefore).map((row) => ({ row, startedAt: null })),
  ]
  const rows = taken.map(({ row, startedAt }) => ({
    seq: row.seq,
    status: startedAt === null ? 'claimed' : 'running',
    started_at: startedAt,
    fence: raised(row.fence),
    open_key: openKeyOf(row, facts),
  }))
  await session.run(sql.take, { instance, token, now, rows: rowsText(rows) })
  const guards = [...new Set([...starts, ...ahead].flatMap(guardsOf))].toSorted()
  const fences = new Map(guards.map((key) => [key, raised(facts.fenceOf(key))]))
  if (guards.length > 0) {
    const guardRows = [...fences].map(([guard_key, fence]) => ({ guard_key, fence }))
    await session.run(sql.raiseGuards, { namespace, rows: rowsText(guardRows) })
  }
  return taken.map(({ row, startedAt }) => {
    const { attempt, fence } = row
    const claimed = { ...row, attempt: attempt + 1, fence: raised(fence), claimed_at: now, started_at: startedAt }
    return claimedOf(claimed, fences.get(sharedGuardKey(claimed) ?? '') ?? null)
  })
}

/** Exclusive: '<job>'. Of a job that is exclusive now, or gives up retries, but not the row: '<job>#<id>'. */
function openKeyOf(row: ClaimableRow, facts: ClaimFacts): string | null {
  if (row.is_exclusive === 1) return row.job
  const job = facts.job(row.job)
  return job !== null && (job.overlap !== 'allow' || job.retryUntil === 'next-tick') ? `${row.job}#${row.id}` : null
}

/** What was claimed under this token. While an execution is held nobody else can raise the fence of its guard. */
async function repeatedClaim(
  { session, sql, namespace, instance }: ClaimScope,
  { token }: ClaimRequest,
): Promise<readonly ClaimedExecution[]> {
  const held = await session.run(sql.heldUnderToken, { namespace, instance, token })
  const rows = held.rows.map(claimableRowOf).toSorted(goesBefore)
  const keys = rows.flatMap((row) => sharedGuardKey({ ...row, claimed_at: 0 }) ?? [])
  if (keys.length === 0) return rows.map((row) => claimedOf({ ...row, claimed_at: row.claimed_at ?? 0 }, null))
  const { rows: guards } = await session.run<{ guard_key: string; fence: unknown }>(sql.fences, { namespace, keys })
  const fences = new Map(guards.map((row) => [row.guard_key, integerOf(row.fence)]))
  return rows.map((row) => {
    const claimed = { ...row, claimed_at: row.claimed_at ?? 0 }
    return claimedOf(claimed, fences.get(sharedGuardKey(claimed) ?? '') ?? null)
  })
}
