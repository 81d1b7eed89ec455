import type { BackoffSpec, JitterKind, JobSpec } from '../job/job-spec.ts'
import type { ExecutionReason } from '../store/execution.ts'

/** What a failed attempt says about another one. */
export type FailureKind =
  | { readonly kind: 'retryable' | 'non-retryable' }
  | { readonly kind: 'retry-after'; readonly delayMs: number }

/** An attempt that ended without success, for a reason of its own. */
export interface AttemptCase {
  readonly retry: JobSpec['retry']
  /** Retries that were spent before this attempt. */
  readonly retries: number
  readonly outcome: 'failed' | 'timed_out'
  readonly failure: FailureKind
  /** Unix milliseconds, server clock. */
  readonly now: number
  /** The job's first tick after the one that this execution stands for; null: none comes. */
  readonly nextTickAt: number | null
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** What becomes of its execution. */
export interface AttemptVerdict {
  readonly status: 'scheduled' | 'failed' | 'timed_out'
  readonly reason: ExecutionReason | null
  /** When the next attempt falls due, Unix milliseconds; null: there is none. */
  readonly dueAt: number | null
  readonly spends: 'retry' | 'nothing'
}

/** Decides whether another attempt follows, and when (rules 12, 14 and 17). */
export function afterAttempt(given: AttemptCase): AttemptVerdict {
  const { retry, retries, outcome, failure, now, nextTickAt } = given
  const ended = (reason: ExecutionReason | null): AttemptVerdict => ({
    status: outcome,
    reason,
    dueAt: null,
    spends: 'nothing',
  })
  if (failure.kind === 'non-retryable') return ended('non-retryable')
  if (retries >= retry.limit) return ended(retry.limit === 0 ? null : 'exhausted')
  const delayMs =
    failure.kind === 'retry-after' ? failure.delayMs : retryDelayMs(retry.backoff, retries + 1, given.random)
  const dueAt = now + delayMs
  if (retry.until === 'next-tick' && nextTickAt !== null && dueAt >= nextTickAt) return ended('superseded-by-tick')
  return { status: 'scheduled', reason: null, dueAt, spends: 'retry' }
}

/**
 * How long to wait before a retry, in whole milliseconds; never more than the backoff's own bound.
 *
 * @param retry - 1 for the first retry.
 * @param random - Uniform in [0, 1); asked at most once.
 */
export function retryDelayMs(backoff: BackoffSpec, retry: number, random: () => number): number {
  return Math.round(withJitter(fullDelayMs(backoff, retry), backoff.jitter, random))
}

function fullDelayMs(backoff: BackoffSpec, retry: number): number {
  if (backoff.kind === 'fixed') return backoff.delayMs
  if (backoff.baseMs === 0) return 0 // zero times infinity is no number
  return Math.min(backoff.maxMs, backoff.baseMs * backoff.factor ** (retry - 1))
}

/** Exponential Backoff And Jitter, AWS Architecture Blog, 2015. */
function withJitter(delayMs: number, jitter: JitterKind, random: () => number): number {
  switch (jitter) {
    case 'none':
      return delayMs
    case 'equal':
      return delayMs / 2 + (random() * delayMs) / 2
    case 'full':
      return random() * delayMs
  }
}
