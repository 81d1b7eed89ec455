import {
  type ClaimResult,
  isPausedAt,
  judgePunctualTicks,
  type PauseWindow,
  PUNCTUAL_MS,
  type SpanReason,
} from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import type { EndingRow, SqliteEndings } from '../ending.ts'
import type { Candidate } from './candidate.ts'
import type { ClaimingSql } from './claiming-sql.ts'
import type { JobLookup } from './job-lookup.ts'

/** Verdicts of one kind in one pass; the rest follows with the next pass, at once. */
const AT_ONCE = 200
/** Entries of the index that one pass reads to find jobs with late ticks. */
const MOST_LATE = 20_000
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
  const { session, sql, jobs, namespace, handlers, now } = scope
  const ticks = session.all<TickRow>(sql.unjudgedTicks, [namespace, now - PUNCTUAL_MS, now, AT_ONCE])
  judgement.hasMore = ticks.length === AT_ONCE
  const byJob = Map.groupBy(
    ticks.filter(({ job }) => handlers.has(job)),
    ({ job }) => job,
  )
  jobs.prepare(byJob.keys())
  for (const [job, ofJob] of byJob) {
    const isKept = judgeJob(scope, judgement, job, ofJob)
    for (const row of ofJob.filter(({ id }) => isKept.has(id))) {
      if (row.expires_at !== null && row.expires_at < now) drop(scope, judgement, row, 'expired')
      else judgement.kept.push(row)
    }
  }
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
    .all<{ job: string }>(sql.lateJobs, [namespace, now - PUNCTUAL_MS, MOST_LATE])
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
  if (rows.length === AT_ONCE) judgement.hasMore = true
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
  const rows = session.all<EndingRow>(sql.skippable, [namespace, now, AT_ONCE])
  const isOccupied = new Map<string, boolean>()
  for (const row of rows) {
    if (!handlers.has(row.job) || row.attempt > 0) continue
    if (!isOccupied.has(row.job)) isOccupied.set(row.job, openRows(scope, row.job).length > 0)
    if (isOccupied.get(row.job) !== true) continue
    endings.finish(session, namespace, row, { status: 'skipped', reason: 'open', finishedAt: now })
  }
}

/** Whether a pause is in force; `until` of it is when what it holds back may go on. */
export function pauseInForce(pauses: readonly PauseWindow[], now: number): PauseWindow | null {
  return pauses.find((pause) => isPausedAt([pause], now)) ?? null
}
