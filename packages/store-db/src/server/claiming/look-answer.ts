import type { ClaimRequest, ClaimResult, QueueDemand } from '@escapement/core'
import type { ClaimableRow } from './claimable-row.ts'
import type { Level, Look } from './look.ts'

/** Queues of which an instance would take something. */
export function demandedQueues({ queues }: ClaimRequest): ReadonlyMap<string, QueueDemand> {
  const demanded = queues.filter(({ slots, prefetch }) => slots + prefetch > 0)
  return new Map(demanded.map((demand) => [demand.queue, demand]))
}

/** Whether a look has found anything that is to be judged: only a pass can do that. */
export function isToJudge(look: Look, demanded: ReadonlyMap<string, QueueDemand>): boolean {
  if (look.hasExpired || look.hasSkippable) return true
  return look.ticks.some(({ dueAt, queue }) => dueAt <= look.now || demanded.has(queue))
}

/** The priorities at which a look has found something due. */
export function dueLevels({ levels, now }: Look): readonly Level[] {
  return levels.filter(({ dueAt }) => dueAt <= now)
}

/** What the look alone answers; null: there may be something to do. */
export function idleAnswer(look: Look, request: ClaimRequest): Partial<ClaimResult> | null {
  const { now } = look
  if (request.isRepeat) return null
  if (!look.isAlive) return { isAlive: false, now }
  const demanded = demandedQueues(request)
  const due = dueLevels(look)
  if (isToJudge(look, demanded) || due.some(({ queue }) => demanded.has(queue))) return null
  const next = nextDueAt(look, request, now, new Set(), [])
  return {
    lateJobs: look.lateJobs,
    nextDueAt: next === Number.POSITIVE_INFINITY ? null : next,
    hasMore: due.length > 0,
    now,
  }
}

/** When something that the look has seen falls due next, without the ticks to come that were taken; infinite: nothing does. */
export function nextDueAt(
  look: Look,
  request: ClaimRequest,
  now: number,
  taken: ReadonlySet<string>,
  coming: readonly ClaimableRow[],
): number {
  const gone = new Set(coming.filter(({ id }) => taken.has(id)).map(({ seq }) => seq))
  const queues = new Set(request.queues.map(({ queue }) => queue))
  const left = look.ticks.filter(({ seq, queue, dueAt }) => dueAt > now && queues.has(queue) && !gone.has(seq))
  return Math.min(look.nextDueAt, ...left.map(({ dueAt }) => dueAt))
}
