import { type Duration, durationMs, InvalidOptionError, LONGEST_DURATION_MS } from '@escapement/base'
import type { BackoffSpec, JitterKind } from '../job/job-spec.ts'

const JITTERS: readonly JitterKind[] = ['none', 'equal', 'full']

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** The wait before the first retry. Default one second. */
  readonly base?: Duration
  /** The longest wait. Default five minutes. */
  readonly max?: Duration
  /** By how much each wait is longer than the one before, 1 to 100. Default 2. */
  readonly factor?: number
  /** Default `full`: drawn from zero to the wait, so that what failed together does not come back together. */
  readonly jitter?: JitterKind
}

/**
 * The same wait before each retry.
 *
 * @param options - `jitter`: default `none`.
 * @throws {@link InvalidOptionError} when a value is out of bounds.
 */
export function fixed(delay: Duration, options: { readonly jitter?: JitterKind } = {}): BackoffSpec {
  return Object.freeze({
    kind: 'fixed',
    delayMs: durationMs(delay, 'fixed backoff'),
    jitter: checkedJitter(options.jitter ?? 'none'),
  })
}

/**
 * Waits that grow by a factor from retry to retry, up to a longest one.
 *
 * @throws {@link InvalidOptionError} when a value is out of bounds.
 */
export function exponential(options: ExponentialOptions = {}): BackoffSpec {
  const { factor = 2 } = options
  if (!(factor >= 1 && factor <= 100)) {
    throw new InvalidOptionError(`exponential backoff factor is ${String(factor)}; it must lie between 1 and 100`)
  }
  const baseMs = durationMs(options.base ?? '1s', 'exponential backoff base')
  const maxMs = durationMs(
    options.max ?? Math.min(Math.max(baseMs, 300_000), LONGEST_DURATION_MS),
    'exponential backoff max',
  )
  if (maxMs < baseMs) {
    throw new InvalidOptionError(`exponential backoff max is ${maxMs} ms, less than its base of ${baseMs} ms`)
  }
  return Object.freeze({ kind: 'exponential', baseMs, factor, maxMs, jitter: checkedJitter(options.jitter ?? 'full') })
}

function checkedJitter(jitter: JitterKind): JitterKind {
  if (JITTERS.includes(jitter)) return jitter
  throw new InvalidOptionError(`backoff jitter is ${JSON.stringify(jitter)}; it is none, equal or full`)
}
