import { InvalidOptionError } from '@escapement/base'
import { AttemptTimeoutError } from '../error/attempt-timeout-error.ts'
import { CancelledError } from '../error/cancelled-error.ts'
import { InvalidResultError } from '../error/invalid-result-error.ts'
import { LeaseLostError } from '../error/lease-lost-error.ts'
import { NonRetryableError } from '../error/non-retryable-error.ts'
import { RetryAfterError } from '../error/retry-after-error.ts'
import { StoppingError } from '../error/stopping-error.ts'
import type { ErrorRecord } from '../store/execution.ts'
import { errorRecord } from './error-record.ts'
import type { SentError } from './isolated-message.ts'

/** The errors that stay themselves on the way, so that `instanceof` answers alike on both sides. */
const KNOWN: Readonly<Record<string, new (message: string, options?: ErrorOptions) => Error>> = {
  ERR_ATTEMPT_TIMEOUT: AttemptTimeoutError,
  ERR_CANCELLED: CancelledError,
  ERR_INVALID_OPTION: InvalidOptionError,
  ERR_INVALID_RESULT: InvalidResultError,
  ERR_LEASE_LOST: LeaseLostError,
  ERR_NON_RETRYABLE: NonRetryableError,
  ERR_STOPPING: StoppingError,
}

/** Makes whatever was thrown ready to travel. */
export function sendError(thrown: unknown): SentError {
  const { retryable, delayMs } = (thrown instanceof Error ? thrown : {}) as { retryable?: unknown; delayMs?: unknown }
  return {
    record: errorRecord(thrown),
    ...(typeof retryable === 'boolean' && { retryable }),
    ...(typeof delayMs === 'number' && { delayMs }),
  }
}

/** The error that {@link sendError} took apart: its own class where Escapement has one, else an `Error` that looks the same. */
export function receiveError({ record, retryable, delayMs }: SentError): Error {
  const options = record.cause === undefined ? undefined : { cause: receiveError({ record: record.cause }) }
  const error = dress(make(record, delayMs, options), record)
  if (retryable !== undefined && !('retryable' in error)) Object.assign(error, { retryable })
  return error
}

function make(record: ErrorRecord, delayMs: number | undefined, options: ErrorOptions | undefined): Error {
  const Known = Object.hasOwn(KNOWN, record.code ?? '') ? KNOWN[record.code as string] : undefined
  if (Known !== undefined) return new Known(record.message, options)
  if (record.code === 'ERR_RETRY_AFTER' && delayMs !== undefined)
    return new RetryAfterError(delayMs, record.message, options)
  return new Error(record.message, options)
}

/** Name, stack and code as they were, without showing up where an error's own fields do not. */
function dress(error: Error, record: ErrorRecord): Error {
  const set = (key: 'name' | 'stack', value: string | undefined): void => {
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false })
  }
  if (error.name !== record.name) set('name', record.name)
  set('stack', record.stack ?? `${record.name}: ${record.message}`)
  if (record.code !== undefined && !('code' in error)) Object.assign(error, { code: record.code })
  return error
}
