import type { ClaimedExecution, ClaimRequest, ClaimResult } from '@escapement/core'
import { type Candidate, goesBefore } from '../../claiming/candidate.ts'
import { type ClaimedRow, claimedOf, sharedGuardKey } from '../../claiming/claimed-row.ts'
import { NOTHING } from '../../claiming/nothing-claimed.ts'
import { comingTicks } from './coming.ts'
import { Eligibility } from './eligibility.ts'
import { judgeDue, type JudgingScope, keepWaiting } from './judging.ts'
import { nextDueAt } from './next-due.ts'
import { type LanePlaces, selectDue } from './selection.ts'

/** One claim within one transaction. */
export function claimPass(scope: JudgingScope, request: ClaimRequest, places: LanePlaces): ClaimResult {
  const { session, sql, namespace, now } = scope
  const instance = session.get<{ lease_until: number; claim_token: number }>(sql.instance, [
    namespace,
    request.instance,
  ])
  if (instance === undefined) return { ...NOTHING, isAlive: false, now }
  if (request.isRepeat || request.token === instance.claim_token) {
    const rows = session.all<ClaimedRow>(sql.heldUnderToken, [namespace, request.instance, request.token])
    if (rows.length > 0)
      return { ...NOTHING, executions: rows.toSorted(goesBefore).map(repeated(scope)), hasMore: true, now }
  }
  const { hasMore: hasMoreToJudge, hasMoreExpired, kept, ...judgement } = judgeDue(scope)
  const eligibility = new Eligibility(scope)
  const mayStart = instance.lease_until > now && !hasMoreExpired
  const { starts, ahead, hasMore } = mayStart
    ? selectDue(scope, eligibility, request.queues, places, {
        fresh: kept,
        coming: comingTicks(scope, request.aheadMs, demandOf(request)),
      })
    : { starts: [], ahead: [], hasMore: false }
  const executions = [...take(scope, request, starts, 'running'), ...take(scope, request, ahead, 'claimed')]
  const taken = new Set([...starts, ...ahead])
  keepWaiting(
    scope,
    kept.filter((tick) => !taken.has(tick)),
  )
  if (executions.length > 0) session.run(sql.rememberClaim, [request.token, namespace, request.instance])
  const next =
    hasMoreToJudge || hasMoreExpired ? now : Math.min(nextDueAt(scope, request.queues), eligibility.nextPauseEnd)
  return {
    isAlive: true,
    executions,
    ...judgement,
    nextDueAt: next === Number.POSITIVE_INFINITY ? null : next,
    hasMore,
    now,
  }
}

function demandOf({ queues }: ClaimRequest): number {
  return queues.reduce((sum, { slots, prefetch }) => sum + slots + prefetch, 0)
}

function take(
  { session, sql, namespace, now }: JudgingScope,
  { instance, token }: ClaimRequest,
  rows: readonly Candidate[],
  status: 'running' | 'claimed',
): ClaimedExecution[] {
  if (rows.length === 0) return []
  const startedAt = status === 'running' ? now : null
  const micros = now * 1_000
  const parameters = [status, instance, token, now, startedAt, micros, JSON.stringify(rows.map(({ seq }) => seq))]
  return session
    .all<ClaimedRow>(sql.take, parameters)
    .toSorted(goesBefore)
    .map((row) => {
      const key = sharedGuardKey(row)
      if (key === null) return claimedOf(row, null)
      return claimedOf(row, session.get<{ fence: number }>(sql.raiseFence, [namespace, key, micros])?.fence ?? null)
    })
}

/** While an execution is held nobody else can raise the fence of its guard: the newest is its own. */
function repeated({ session, sql, namespace }: JudgingScope): (row: ClaimedRow) => ClaimedExecution {
  return (row) => {
    const key = sharedGuardKey(row)
    if (key === null) return claimedOf(row, null)
    return claimedOf(row, session.get<{ fence: number }>(sql.fence, [namespace, key])?.fence ?? null)
  }
}
