import { isPausedAt, judgePunctualTicks, type PunctualVerdict, type SpanReason } from '@escapement/core'
import { integerOf } from '@escapement/db'
import type { Ending, EndingRow } from '../../settle/ending-row.ts'
import { type ClaimableRow, claimableRowOf } from './claimable-row.ts'
import type { ClaimFacts, ClaimScope, LockedJob, OpenRow } from './claim-facts.ts'
import { AT_ONCE } from './claim-sql.ts'

/** What a pass has decided and is still to write: ticks into spans first, then ends, which are counted. */
export interface Judgement {
  readonly folded: { readonly row: EndingRow; readonly reason: SpanReason }[]
  readonly finished: (Ending & { readonly row: EndingRow })[]
  readonly cancelled: OpenRow[]
  /** Ticks that are to run. */
  readonly kept: ClaimableRow[]
  /** Whether more has waited too long than one pass ends: before it all has ended nothing starts. */
  hasMoreExpired: boolean
}

interface JobVerdict {
  readonly job: string
  readonly ticks: readonly ClaimableRow[]
  readonly verdict: PunctualVerdict
  readonly givenUp: readonly OpenRow[]
  /** All rows that it speaks of, by id. */
  readonly rows: ReadonlyMap<string, EndingRow & { readonly status?: string }>
}

/** Gives due, punctual ticks their verdict (rules 11 to 13). What depends on something locked is left to the next pass. */
export async function judgeTicks(
  scope: ClaimScope,
  facts: ClaimFacts,
  judgement: Judgement,
  ticks: readonly ClaimableRow[],
): Promise<void> {
  const byJob = Map.groupBy(
    ticks.toSorted((a, b) => a.due_at - b.due_at || a.seq - b.seq),
    ({ job }) => job,
  )
  await facts.shareJobs(byJob.keys())
  const known = [...byJob.keys()].flatMap((name) => {
    const job = facts.job(name)
    return job === null ? [] : [{ name, job }]
  })
  await facts.shareQueues(known.map(({ job }) => job.queue))
  const alone = known.filter(({ job }) => isAlone(job)).map(({ name }) => name)
  await facts.guardJobs(alone)
  await facts.findWaiting(alone)
  await facts.findOpen(known.filter(({ job }) => job.retryUntil === 'next-tick').map(({ name }) => name))
  const verdicts = known.flatMap(({ name, job }) => judgeJob(facts, name, job, byJob.get(name) ?? []) ?? [])
  for (const each of await unchanged(scope, facts, verdicts)) await apply(scope, facts, judgement, each)
}

/** Whether others of the job count. */
function isAlone({ overlap }: LockedJob): boolean {
  return overlap !== 'allow' && overlap !== 'queue-all'
}

function judgeJob(facts: ClaimFacts, name: string, job: LockedJob, ticks: readonly ClaimableRow[]): JobVerdict | null {
  const queue = facts.queue(job.queue)
  if (queue === null || (isAlone(job) && !facts.hasGuard(`job:${name}`))) return null
  const last = ticks.at(-1)?.scheduled_for ?? 0
  const givenUp = job.retryUntil === 'next-tick' ? facts.open(name).filter((row) => isGivenUp(row, last)) : []
  const open = isAlone(job) ? facts.open(name).filter((row) => !givenUp.includes(row)) : []
  const waiting = isAlone(job) ? facts.waiting(name) : []
  const verdict = judgePunctualTicks({
    overlap: job.overlap,
    pauses: [...job.pauses, ...queue.pauses],
    ticks: ticks.map((row) => ({ executionId: row.id, scheduledFor: row.scheduled_for })),
    open: open.map(({ id }) => id),
    waiting: waiting.map((row) => ({ executionId: row.id, isPunctual: integerOf(row.is_catch_up) === 0 })),
  })
  const rows = new Map([...ticks, ...open, ...waiting].map((row) => [row.id, row]))
  return { job: name, ticks, verdict, givenUp, rows }
}

/** `retry.until: 'next-tick'`: what waits for a retry has failed once a later tick is due (rule 12). */
function isGivenUp(row: OpenRow, tick: number): boolean {
  return row.status === 'scheduled' && row.is_ledger === 1 && row.scheduled_for < tick
}

/** Locks what verdicts change beside their ticks; one whose rows are not as they were has to be found again. */
async function unchanged(
  { session, sql }: ClaimScope,
  facts: ClaimFacts,
  verdicts: readonly JobVerdict[],
): Promise<readonly JobVerdict[]> {
  const changedBy = new Map(verdicts.map((verdict) => [verdict, changedRows(verdict)]))
  const seqs = [...changedBy.values()].flatMap((rows) => rows.map(({ seq }) => seq))
  if (seqs.length === 0) return verdicts
  const locked = await session.run<{ seq: unknown; fence: unknown; status: string }>(sql.lockJudged, { seqs })
  const fences = new Map(locked.rows.map((row) => [integerOf(row.seq), row]))
  return verdicts.filter((verdict) => {
    const isSame = (changedBy.get(verdict) ?? []).every((row) => {
      const now = fences.get(row.seq)
      const status = row.status ?? 'scheduled'
      return now !== undefined && integerOf(now.fence) === row.fence && now.status === status
    })
    if (!isSame) facts.isIncomplete = true
    return isSame
  })
}

function changedRows({ ticks, verdict, givenUp, rows }: JobVerdict): readonly (EndingRow & { status?: string })[] {
  const own = new Set(ticks.map(({ id }) => id))
  const ids = [...verdict.fold.map(({ executionId }) => executionId), ...verdict.cancel]
  return [...givenUp, ...ids.flatMap((id) => (own.has(id) ? [] : (rows.get(id) ?? [])))]
}

async function apply(
  { session, sql, now }: ClaimScope,
  facts: ClaimFacts,
  judgement: Judgement,
  { ticks, verdict, givenUp, rows }: JobVerdict,
): Promise<void> {
  const ended: EndingRow[] = []
  if (givenUp.length > 0) {
    const { rows: attempts } = await session.run<{ execution_seq: unknown; outcome: string }>(sql.lastOutcomes, {
      seqs: givenUp.map(({ seq }) => seq),
    })
    const last = new Map(attempts.map((row) => [integerOf(row.execution_seq), row.outcome]))
    for (const row of givenUp) {
      const status = last.get(row.seq) === 'timed_out' ? 'timed_out' : 'failed'
      judgement.finished.push({ row, status, reason: 'superseded-by-tick', finishedAt: now })
      ended.push(row)
    }
  }
  for (const { executionId, reason } of verdict.fold) {
    judgement.folded.push({ row: rows.get(executionId) as EndingRow, reason })
  }
  for (const id of verdict.cancel) {
    const row = rows.get(id) as OpenRow
    judgement.cancelled.push(row)
    if (row.status !== 'scheduled') continue
    judgement.finished.push({ row, status: 'cancelled', reason: null, finishedAt: now })
    ended.push(row)
  }
  facts.ended(ended)
  const kept = new Set(verdict.keep)
  for (const row of ticks.filter(({ id }) => kept.has(id))) {
    if (row.expires_at !== null && row.expires_at < now) judgement.folded.push({ row, reason: 'expired' })
    else judgement.kept.push(row)
  }
}

/** Ends what waited longer than it may. */
export async function expire({ session, sql, namespace, now }: ClaimScope, judgement: Judgement): Promise<void> {
  const { rows } = await session.run(sql.lockExpired, { namespace, now })
  judgement.hasMoreExpired = rows.length === AT_ONCE
  const folded = new Set(judgement.folded.map(({ row }) => row.seq))
  for (const row of rows.map(claimableRowOf)) {
    if (folded.has(row.seq)) continue
    if (row.is_ledger === 1) judgement.folded.push({ row, reason: 'expired' })
    else judgement.finished.push({ row, status: 'skipped', reason: 'expired', finishedAt: now })
  }
}

/** Ends runs that are not to wait while another execution of their job is open. */
export async function skip(scope: ClaimScope, facts: ClaimFacts, judgement: Judgement): Promise<void> {
  const { session, sql, namespace, handlers, now } = scope
  const found = await session.run<{ seq: unknown; job: string }>(sql.skippable, { namespace, now })
  const own = found.rows.filter(({ job }) => handlers.has(job))
  await facts.findOpen(own.map(({ job }) => job))
  const ended = new Set(judgement.finished.map(({ row }) => row.seq))
  const seqs = own.filter(({ job }) => facts.open(job).length > 0).map(({ seq }) => integerOf(seq))
  const skipped = seqs.filter((seq) => !ended.has(seq))
  if (skipped.length === 0) return
  for (const row of (await session.run(sql.lockWaiting, { seqs: skipped })).rows.map(claimableRowOf)) {
    judgement.finished.push({ row, status: 'skipped', reason: 'open', finishedAt: now })
  }
}

/**
 * Of ticks that are not due yet those that will run whatever comes until then: no pause covers their instant, nothing
 * of an exclusive job is open or waits, they give up no retry, and their queue has no limit.
 */
export async function certainTicks(
  facts: ClaimFacts,
  ticks: readonly ClaimableRow[],
): Promise<readonly ClaimableRow[]> {
  await facts.shareJobs(ticks.map(({ job }) => job))
  const known = ticks.filter((row) => facts.job(row.job) !== null)
  const jobOf = (row: ClaimableRow): LockedJob => facts.job(row.job) as LockedJob
  await facts.shareQueues(known.flatMap((row) => [row.queue, jobOf(row).queue]))
  const isExclusive = (row: ClaimableRow): boolean => row.is_exclusive === 1 || jobOf(row).overlap !== 'allow'
  const exclusive = known.filter(isExclusive).map(({ job }) => job)
  await facts.guardJobs(exclusive)
  await facts.findWaiting(exclusive)
  return known.filter((row) => {
    const job = jobOf(row)
    const queue = facts.queue(row.queue)
    const pauses = facts.queue(job.queue)?.pauses
    if (queue === null || pauses === undefined || queue.clusterLimit !== null) return false
    if (job.retryUntil === 'next-tick' || isPausedAt([...job.pauses, ...pauses], row.due_at)) return false
    if (!isExclusive(row)) return true
    return facts.hasGuard(`job:${row.job}`) && facts.open(row.job).length + facts.waiting(row.job).length === 0
  })
}
