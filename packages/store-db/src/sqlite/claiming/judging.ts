import {
  type ClaimResult,
  isPausedAt,
  judgePunctualTicks,
  type PauseWindow,
  PUNCTUAL_MS,
  type SpanReason,
} from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import type { EndingRow } from '../../settle/ending-row.ts'
import type { SqliteEndings } from '../ending.ts'
import type { Candidate } from '../../claiming/candidate.ts'
import type { ClaimingSql } from './claiming-sql.ts'
import type { JobLookup } from './job-lookup.ts'

/** Verdicts of one kind in one pass; the rest follows with the next pass, at once. */
const AT_ONCE = 200
/** Entries of the index that one pass reads to find ticks of its own jobs, and late ones. */
const MOST_SEARCHED = 20_000
const AS_MANY_AS_WAIT = 1_000

/** What a pass judges with. */
export interface JudgingScope {
  readonly session: SqliteSession
  readonly sql: ClaimingSql
  readonly endings: SqliteEndings
  readonly jobs: JobLookup
  readonly namespace: string
  readonly handlers: ReadonlySet<string>
  readonly now: number
}

/** What judging found and did. */
export interface Judgement extends Pick<ClaimResult, 'dropped' | 'lateJobs' | 'cancelRequested'> {
  readonly dropped: { readonly job: string; readonly scheduledFor: number; readonly reason: string }[]
  readonly cancelRequested: string[]
  /** Ticks that are to run. That they were judged is not stored yet: of those that start at once it need not be. */
  readonly kept: Candidate[]
  /** Whether there was more than one pass judges. */
  hasMore: boolean
  /** Whether more has waited too long than one pass ends: before it all has ended nothing starts. */
  hasMoreExpired: boolean
}

interface TickRow extends EndingRow, Candidate {
  readonly seq: number
  readonly job: string
  readonly expires_at: number | null
}

type OpenRow = EndingRow & { readonly status: string }
type WaitingRow = EndingRow & { readonly is_catch_up: number }

/** Gives due, punctual ticks their verdict, ends waits that became too long, skips runs that would not wait (rules 11 to 13). */
export function judgeDue(scope: JudgingScope): Judgement {
  const { now } = scope
  const first = firstToJudge(scope)
  const isTickDue = first.tick <= now
  const judgement: Judgement = {
    dropped: [],
    lateJobs: isTickDue ? lateJobs(scope) : [],
    cancelRequested: [],
    kept: [],
    hasMore: false,
    hasMoreExpired: false,
  }
  if (isTickDue) judgeTicks(scope, judgement)
  if (first.expiry < now) expire(scope, judgement)
  if (first.skippable <= now) skip(scope)
  return judgement
}

/** When the first row of each kind has to be judged; infinite: there is none. Unix milliseconds. */
export function firstToJudge({
  session,
  sql,
  namespace,
}: JudgingScope): Record<'tick' | 'expiry' | 'skippable', number> {
  const first = session.get<Record<'tick' | 'expiry' | 'skippable', number | null>>(sql.firstToJudge, [
    namespace,
    namespace,
    namespace,
  ])
  return {
    tick: first?.tick ?? Number.POSITIVE_INFINITY,
    expiry: first?.expiry ?? Number.POSITIVE_INFINITY,
    skippable: first?.skippable ?? Number.POSITIVE_INFINITY,
  }
}

function judgeTicks(scope: JudgingScope, judgement: Judgement): void {
  const { jobs, now } = scope
  const ticks = punctualTicks(scope)
  judgement.hasMore = ticks.length === AT_ONCE
  const byJob = Map.groupBy(ticks, ({ job }) => job)
  jobs.prepare(byJob.keys())
  for (const [job, ofJob] of byJob) {
    const isKept = judgeJob(scope, judgement, job, ofJob)
    for (const row of ofJob.filter(({ id }) => isKept.has(id))) {
      if (row.expires_at !== null && row.expires_at < now) drop(scope, judgement, row, 'expired')
      else judgement.kept.push(row)
    }
  }
}

/** The first due ticks that a handler here can run. */
function punctualTicks({ session, sql, namespace, handlers, now }: JudgingScope): readonly TickRow[] {
  const since = now - PUNCTUAL_MS
  const first = session.all<TickRow>(sql.unjudgedTicks, [namespace, since, now, AT_ONCE])
  const own = first.filter(({ job }) => handlers.has(job))
  if (first.length < AT_ONCE || own.length === AT_ONCE) return own
  // Those of others hide some of ours: the index alone says which are whose.
  const seqs = session
    .all<{ seq: number; job: string }>(sql.unjudgedJobs, [namespace, since, now, MOST_SEARCHED])
    .filter(({ job }) => handlers.has(job))
    .slice(0, AT_ONCE)
    .map(({ seq }) => seq)
  return session.all<TickRow>(sql.ticks, [JSON.stringify(seqs)])
}

/** Whether a punctual tick is due that a handler here can run. */
export function hasPunctualTick({ session, sql, namespace, handlers, now }: JudgingScope): boolean {
  const canRun = ({ job }: { readonly job: string }): boolean => handlers.has(job)
  const since = now - PUNCTUAL_MS
  const first = session.get<{ job: string }>(sql.unjudgedJobs, [namespace, since, now, 1])
  if (first === undefined || canRun(first)) return first !== undefined
  return session.all<{ job: string }>(sql.unjudgedJobs, [namespace, since, now, MOST_SEARCHED]).some(canRun)
}

/** Stores that ticks were judged which wait on. */
export function keepWaiting({ session, sql }: JudgingScope, kept: readonly Candidate[]): void {
  if (kept.length > 0) session.run(sql.keep, [JSON.stringify(kept.map(({ seq }) => seq))])
}

/** A tick that does not run. */
function drop(
  { session, endings, namespace }: JudgingScope,
  judgement: Judgement,
  row: EndingRow,
  reason: SpanReason,
): void {
  endings.fold(session, namespace, row, reason)
  judgement.dropped.push({ job: row.job, scheduledFor: row.scheduled_for, reason })
}

/** Jobs with a handler here whose ticks are late: the planner judges those. */
export function lateJobs({ session, sql, namespace, handlers, now }: JudgingScope): string[] {
  return session
    .all<{ job: string }>(sql.lateJobs, [namespace, now - PUNCTUAL_MS, MOST_SEARCHED])
    .map(({ job }) => job)
    .filter((job) => handlers.has(job))
}

/** The open executions of a job. */
export function openRows({ session, sql, namespace }: JudgingScope, job: string): OpenRow[] {
  return session.all<OpenRow>(sql.open, [namespace, job, job])
}

/** @returns The ids of the ticks that are to run. */
function judgeJob(
  scope: JudgingScope,
  judgement: Judgement,
  job: string,
  ticks: readonly TickRow[],
): ReadonlySet<string> {
  const { session, sql, endings, jobs, namespace, now } = scope
  const state = jobs.get(job)
  if (state === null) return new Set()
  if (state.retryUntil === 'next-tick') giveUpRetries(scope, job, ticks.at(-1)?.scheduled_for ?? 0)
  const isAlone = state.overlap !== 'allow' && state.overlap !== 'queue-all' // whether others of the job count
  const open = isAlone ? openRows(scope, job) : []
  const waiting = isAlone ? session.all<WaitingRow>(sql.waitingTicks, [namespace, job, AS_MANY_AS_WAIT]) : []
  const rows = new Map<string, EndingRow & { status?: string }>()
  for (const row of [...ticks, ...open, ...waiting]) rows.set(row.id, row)
  const verdict = judgePunctualTicks({
    overlap: state.overlap,
    pauses: [...state.pauses, ...state.queuePauses],
    ticks: ticks.map((row) => ({ executionId: row.id, scheduledFor: row.scheduled_for })),
    open: open.map(({ id }) => id),
    waiting: waiting.map((row) => ({ executionId: row.id, isPunctual: row.is_catch_up === 0 })),
  })
  for (const { executionId, reason } of verdict.fold) {
    drop(scope, judgement, rows.get(executionId) as EndingRow, reason)
  }
  for (const id of verdict.cancel) {
    const row = rows.get(id) as OpenRow
    if (session.run(sql.requestCancel, [now, 'system:overlap', row.seq]) === 0) continue
    if (row.status !== 'scheduled') judgement.cancelRequested.push(id)
    else endings.finish(session, namespace, row, { status: 'cancelled', reason: null, finishedAt: now })
  }
  return new Set(verdict.keep)
}

/** `retry.until: 'next-tick'`: what waits for a retry has failed once a later tick is due (rule 12). */
function giveUpRetries(scope: JudgingScope, job: string, tick: number): void {
  const { session, sql, endings, namespace, now } = scope
  for (const row of openRows(scope, job)) {
    if (row.status !== 'scheduled' || row.is_ledger === 0 || row.scheduled_for >= tick) continue
    const last = session.get<{ outcome: string }>(sql.lastOutcome, [row.seq])?.outcome
    const status = last === 'timed_out' ? 'timed_out' : 'failed'
    endings.finish(session, namespace, row, { status, reason: 'superseded-by-tick', finishedAt: now })
  }
}

function expire(scope: JudgingScope, judgement: Judgement): void {
  const { session, sql, endings, namespace, now } = scope
  const rows = session.all<EndingRow>(sql.expired, [namespace, now, AT_ONCE])
  judgement.hasMoreExpired = rows.length === AT_ONCE
  for (const row of rows) {
    if (row.is_ledger === 0) {
      endings.finish(session, namespace, row, { status: 'skipped', reason: 'expired', finishedAt: now })
      continue
    }
    drop(scope, judgement, row, 'expired')
  }
}

/** Runs that are not to wait while another execution of their job is open. */
function skip(scope: JudgingScope): void {
  const { session, sql, endings, namespace, handlers, now } = scope
  const rows = session.all<EndingRow & { readonly is_exclusive: number }>(sql.skippable, [namespace, now, AT_ONCE])
  const isOccupied = new Map<string, boolean>()
  for (const row of rows) {
    if (row.is_exclusive === 0 || !handlers.has(row.job) || row.attempt > 0) continue
    if (!isOccupied.has(row.job)) isOccupied.set(row.job, openRows(scope, row.job).length > 0)
    if (isOccupied.get(row.job) !== true) continue
    endings.finish(session, namespace, row, { status: 'skipped', reason: 'open', finishedAt: now })
  }
}

/** Whether a pause is in force; `until` of it is when what it holds back may go on. */
export function pauseInForce(pauses: readonly PauseWindow[], now: number): PauseWindow | null {
  return pauses.find((pause) => isPausedAt([pause], now)) ?? null
}
