import type { ClaimRequest, ClaimResult } from '@escapement/core'
import { comingTicks } from './coming.ts'
import { firstToJudge, hasPunctualTick, type JudgingScope, lateJobs } from './judging.ts'
import { nextDueAt } from './next-due.ts'

/**
 * Whether a claim pass would change nothing: then its answer, else null. Only what cannot be taken in error is decided
 * here; everything is looked at again within the transaction of the pass.
 */
export function lookAhead(scope: JudgingScope, request: ClaimRequest): Partial<ClaimResult> | null {
  const { session, sql, namespace, now } = scope
  if (request.isRepeat) return null
  const instance = session.get<{ claim_token: number }>(sql.instance, [namespace, request.instance])
  if (instance === undefined) return { isAlive: false, now }
  if (instance.claim_token === request.token) return null
  const exists = (text: string, parameters: (string | number)[]): boolean => session.get(text, parameters) !== undefined
  const first = firstToJudge(scope)
  if (first.expiry < now || first.skippable <= now) return null
  if (first.tick <= now && hasPunctualTick(scope)) return null
  const hasDemand = request.queues.some(({ slots, prefetch }) => slots + prefetch > 0)
  const isTickComing = first.tick <= now + request.aheadMs
  if (hasDemand && isTickComing && comingTicks(scope, request.aheadMs, 1).length > 0) return null
  let hasMore = false
  for (const { queue, slots, prefetch } of request.queues) {
    let priority = Number.MAX_SAFE_INTEGER
    for (;;) {
      const level = session.get<{ priority: number }>(sql.nextPriority, [namespace, queue, priority])
      if (level === undefined) break
      priority = level.priority
      if (!exists(sql.due, [namespace, queue, priority, now, Number.MIN_SAFE_INTEGER, 0, 1])) continue
      if (slots + prefetch > 0) return null
      hasMore = true
      break
    }
  }
  const next = nextDueAt(scope, request.queues)
  const late = first.tick <= now ? lateJobs(scope) : []
  return { lateJobs: late, nextDueAt: next === Number.POSITIVE_INFINITY ? null : next, hasMore, now }
}
