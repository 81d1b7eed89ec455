import { EscapementError, LONGEST_DURATION_MS } from '@escapement/base'
import type { RetryAfterError } from '../error/retry-after-error.ts'
import { afterInterruption } from '../policy/interruption.ts'
import { afterAttempt, type FailureKind } from '../policy/retry.ts'
import type { Attempt, HandlerEnd } from '../run/attempt.ts'
import { boundedRecord, errorRecord } from '../run/error-record.ts'
import { resultText } from '../run/result-text.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { AttemptOutcome, ErrorRecord } from '../store/execution.ts'
import type { Settlement } from '../store/settle-store.ts'
import { nextTick } from '../trigger/next-tick.ts'

/** Failures that another attempt would meet as well. */
const FINAL_CODES: ReadonlySet<string> = new Set(['ERR_NON_RETRYABLE', 'ERR_INVALID_INPUT', 'ERR_INVALID_RESULT'])

type Verdict = Pick<Settlement, 'outcome' | 'status' | 'reason' | 'dueAt' | 'spends'>

/**
 * What an ended attempt means for its execution: the handler's end and the cause of its abort, if any, judged by the
 * job's policies (rules 12, 14, 17 and 18), redacted for storage (rule 30).
 */
export function settlementOf(context: EngineContext, attempt: Attempt, end: HandlerEnd): Settlement {
  try {
    return judgeEnd(context, attempt, end)
  } catch {
    // A getter that throws, a revoked proxy: whatever was thrown or returned, the execution must get its verdict. What
    // came out of the getter is not repeated: nothing has redacted it.
    context.report(
      new Error('what the handler threw cannot be read'),
      `reading the end of job "${attempt.claimed.job}"`,
    )
    return judgeEnd(context, attempt, { kind: 'threw', error: new Error('what the handler threw cannot be read') })
  }
}

function judgeEnd(context: EngineContext, attempt: Attempt, end: HandlerEnd): Settlement {
  const outcome = outcomeOf(attempt, end)
  if (end.kind === 'returned' && outcome === 'succeeded') {
    try {
      const output = attempt.local.redactor.json(resultText(attempt.local.spec.name, end.value))
      const verdict = { outcome, status: 'succeeded', reason: null, dueAt: null, spends: 'nothing' } as const
      return settlement(context, attempt, verdict, { output, error: null, abandonedAt: null })
    } catch (error) {
      return judgeEnd(context, attempt, { kind: 'threw', error })
    }
  }
  const thrown = attempt.cause === 'timeout' ? timeoutOf(attempt, end) : end.kind === 'threw' ? end.error : undefined
  const hasThrown = end.kind === 'threw' || attempt.cause === 'timeout' // undefined can be thrown, too
  const error = hasThrown ? storedError(attempt, thrown) : null
  const verdict = verdictOf(context, attempt, outcome, thrown)
  return settlement(context, attempt, verdict, { output: null, error, abandonedAt: null })
}

/** The end of an attempt whose handler goes on after its grace period: the execution stays open (rule 17). */
export function abandonedSettlement(context: EngineContext, attempt: Attempt): Settlement {
  const outcome = attempt.cause === 'timeout' ? 'timed_out' : 'cancelled'
  const verdict = { outcome, status: 'running', reason: null, dueAt: null, spends: 'nothing' } as const
  const error = attempt.cause === 'timeout' ? storedError(attempt, timeoutOf(attempt, null)) : null
  return settlement(context, attempt, verdict, { output: null, error, abandonedAt: attempt.abandonedAt })
}

/** The end of an execution whose abandoned handler came back at last, or never did for as long as the job allows. */
export function afterAbandonment(context: EngineContext, attempt: Attempt, cameBack: boolean): Settlement {
  const outcome = attempt.cause === 'timeout' ? 'timed_out' : 'cancelled'
  const verdict = verdictOf(context, attempt, outcome, undefined)
  const reason = cameBack || verdict.status === 'scheduled' ? verdict.reason : 'abandoned'
  const error = attempt.cause === 'timeout' ? storedError(attempt, timeoutOf(attempt, null)) : null
  return settlement(context, attempt, { ...verdict, reason }, { output: null, error, abandonedAt: null })
}

function outcomeOf(attempt: Attempt, end: HandlerEnd): AttemptOutcome {
  switch (attempt.cause) {
    case 'timeout':
      return 'timed_out' // also when it returned: what it did after its limit cannot be told from half done
    case 'cancel':
      return end.kind === 'returned' ? 'succeeded' : 'cancelled'
    case 'stop':
    case 'lease':
      return end.kind === 'returned' ? 'succeeded' : 'interrupted'
    case null:
      return end.kind === 'returned' ? 'succeeded' : 'failed'
  }
}

function verdictOf(context: EngineContext, attempt: Attempt, outcome: AttemptOutcome, thrown: unknown): Verdict {
  const { spec } = attempt.local
  const { claimed } = attempt
  const now = context.clock.now()
  if (outcome === 'cancelled') return { outcome, status: 'cancelled', reason: null, dueAt: null, spends: 'nothing' }
  if (outcome === 'interrupted' && attempt.cause === 'stop') {
    return { outcome, status: 'scheduled', reason: null, dueAt: now, spends: 'nothing' }
  }
  if (outcome === 'interrupted') {
    const after = afterInterruption({
      onInterrupt: spec.onInterrupt,
      retryLimit: spec.retry.limit,
      wasStarted: true,
      interruptions: claimed.interruptions,
      retries: claimed.retries,
      isCancelRequested: false,
      isAbandoned: false,
    })
    return { outcome, ...after, dueAt: after.status === 'scheduled' ? now : null }
  }
  return {
    outcome,
    ...afterAttempt({
      retry: spec.retry,
      retries: claimed.retries,
      outcome: outcome === 'timed_out' ? 'timed_out' : 'failed',
      failure: failureKind(thrown),
      now,
      nextTickAt: spec.retry.until === 'next-tick' ? nextTick(spec.triggers, spec.name, claimed.scheduledFor) : null,
      random: () => context.runtime.random(),
    }),
  }
}

/** By code, not by class: the handler may have another copy of the package. */
function failureKind(thrown: unknown): FailureKind {
  if (!EscapementError.is(thrown)) return { kind: 'retryable' }
  if (thrown.code === 'ERR_RETRY_AFTER') {
    const { delayMs } = thrown as RetryAfterError
    const isDelay = Number.isFinite(delayMs) && delayMs >= 0 && delayMs <= LONGEST_DURATION_MS
    return isDelay ? { kind: 'retry-after', delayMs: Math.round(delayMs) } : { kind: 'retryable' }
  }
  return { kind: FINAL_CODES.has(thrown.code) ? 'non-retryable' : 'retryable' }
}

function timeoutOf(attempt: Attempt, end: HandlerEnd | null): Error {
  const message = `Job "${attempt.local.spec.name}": the attempt ran longer than its timeout of ${attempt.local.spec.timeoutMs} ms`
  const cause = end?.kind === 'threw' ? end.error : undefined
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.name = 'AttemptTimeoutError'
  return error
}

function storedError(attempt: Attempt, thrown: unknown): ErrorRecord {
  const record = errorRecord(thrown)
  const { redactor } = attempt.local
  return boundedRecord(redactor.error(record, redactor.secretsOf(inputOf(attempt))))
}

function inputOf(attempt: Attempt): unknown {
  return attempt.claimed.input === null ? undefined : JSON.parse(attempt.claimed.input)
}

function settlement(
  context: EngineContext,
  attempt: Attempt,
  verdict: Verdict,
  { output, error, abandonedAt }: Pick<Settlement, 'output' | 'error' | 'abandonedAt'>,
): Settlement {
  const { claimed, local } = attempt
  return {
    ...verdict,
    executionId: claimed.id,
    job: claimed.job,
    instance: attempt.instance,
    fence: claimed.fence,
    attempt: claimed.attempt,
    startedAt: attempt.startedAt,
    finishedAt: Math.max(attempt.startedAt, context.clock.now()),
    history: local.spec.history,
    progress: attempt.progress,
    log: attempt.log.lines(),
    output,
    error,
    abandonedAt,
  }
}
