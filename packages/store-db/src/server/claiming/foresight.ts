import type { ClaimRequest, NewExecution } from '@escapement/core'
import { dueLevels } from './look-answer.ts'
import type { Level, Look } from './look.ts'

/** A look that found nothing is not relied on for longer. Milliseconds. */
const LONGEST_MS = 5_000
/** What takes long to insert is so much older than its commit. Milliseconds. */
const MARGIN_MS = 3_000
/** When a claim comes back that has not looked: behind may be what nobody has told of. Milliseconds. */
const AGAIN_MS = 1_000

/** A look that found nothing to do, and what this process has enqueued since. */
interface IdleLook {
  readonly look: Look
  readonly request: ClaimRequest
  level: Level | null
}

/**
 * Knows what a look would find where nothing but an enqueue of this process has happened since the last one: what was
 * enqueued, at its priority of its queue. The claim then need not look first. It takes its rows under the same locks as
 * ever, so that a forecast that is wrong costs a claim more, or the order of what is enqueued at one time.
 */
export class Foresight {
  /** By namespace: the last look, if it found nothing and nothing else has happened. */
  readonly #idle = new Map<string, IdleLook>()
  #changes = 0

  /** How often something has happened: what happens during a look, that look may not have seen. */
  get changes(): number {
    return this.#changes
  }

  /** Something has happened that only a look can tell more of; absent: in any namespace. */
  forget(namespace?: string): void {
    this.#changes++
    if (namespace === undefined) this.#idle.clear()
    else this.#idle.delete(namespace)
  }

  /** Takes note of a look that was made for a claim; `changes`: {@link Foresight.changes} before it was asked for. */
  looked(namespace: string, request: ClaimRequest, look: Look, changes: number): void {
    if (changes === this.#changes && hasFoundNothing(look)) this.#idle.set(namespace, { look, request, level: null })
    else this.#idle.delete(namespace)
  }

  /** Takes note of what was committed by this process. */
  enqueued(namespace: string, executions: readonly NewExecution[]): void {
    this.#changes++
    const idle = this.#idle.get(namespace)
    const [first] = executions
    if (idle === undefined || first === undefined) return
    const { queue, priority } = idle.level ?? first
    const isForeseen = executions.every((one) => one.queue === queue && one.priority === priority && isDueAtOnce(one))
    if (isForeseen) idle.level = { queue, priority, dueAt: idle.look.now - MARGIN_MS }
    else this.#idle.delete(namespace)
  }

  /** What a look would find; null: nobody knows. Whoever asks has to look the next time, unless this was noted again. */
  look(namespace: string, request: ClaimRequest): Look | null {
    const idle = this.#idle.get(namespace)
    this.#idle.delete(namespace)
    if (idle === undefined || idle.level === null || !isSameAsker(idle.request, request)) return null
    const { look, level } = idle
    return {
      ...look,
      levels: [level],
      nextDueAt: Math.min(look.nextDueAt, look.now + AGAIN_MS),
      holdsUntil: Math.min(look.nextDueAt - request.aheadMs, look.now + LONGEST_MS),
    }
  }
}

function hasFoundNothing(look: Look): boolean {
  const { isAlive, ticks, lateJobs, hasExpired, hasSkippable } = look
  if (!isAlive || hasExpired || hasSkippable) return false
  return ticks.length + lateJobs.length + dueLevels(look).length === 0
}

function isDueAtOnce({ scheduledFor, dueAt, delayMs, isExclusive }: NewExecution): boolean {
  return scheduledFor === null && dueAt === null && delayMs === 0 && !isExclusive
}

/** Whether what one has looked for is all that the other asks for. */
function isSameAsker(one: ClaimRequest, other: ClaimRequest): boolean {
  const looked = new Set(one.queues.map(({ queue }) => queue))
  const isLookedAt = other.queues.every(({ queue }) => looked.has(queue))
  return one.instance === other.instance && isLookedAt && hasSameHandlers(one, other)
}

function hasSameHandlers({ handlers }: ClaimRequest, other: ClaimRequest): boolean {
  if (handlers === other.handlers) return true
  return handlers.size === other.handlers.size && [...handlers].every((job) => other.handlers.has(job))
}
