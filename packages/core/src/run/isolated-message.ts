import type { ErrorRecord, LogLine, Missed } from '../store/execution.ts'

/** What an isolated handler is told of its attempt: the part of the run context that can travel. */
export interface IsolatedContext {
  /** JSON text of the input; null: none. */
  readonly input: string | null
  readonly job: string
  readonly executionId: string
  /** From 1. */
  readonly attempt: number
  /** Nominal time, Unix milliseconds. */
  readonly scheduledFor: number
  readonly missed: Missed | null
  /** Decimal digits: a bigint does not survive JSON. */
  readonly fence: string
  readonly fenceKey: string
  /** How long the lease can still be trusted, as of the call. Milliseconds. */
  readonly remainingMs: number
  readonly traceparent: string | null
  /** The ambient principal, in text form. */
  readonly principal: string
}

/** An error on its way between host and guest. */
export interface SentError {
  readonly record: ErrorRecord
  /** The error's own word on whether a retry helps; absent: it had none. */
  readonly retryable?: boolean
  /** How long a `RetryAfterError` asks to wait, milliseconds. */
  readonly delayMs?: number
}

/** How long the lease can be trusted: `remainingMs` from `sentAt` on, by the wall clock that host and guest share. */
export interface SentLease {
  readonly remainingMs: number
  /** Unix milliseconds of this machine's clock. */
  readonly sentAt: number
}

/** The first message to a guest. */
export interface StartMessage {
  readonly type: 'escapement:start'
  readonly url: string
  readonly context: IsolatedContext
  readonly sentAt: number
}

/** From host to guest. The types carry a prefix because the handler's own code may use the same channel. */
export type HostMessage =
  | StartMessage
  | { readonly type: 'escapement:abort'; readonly reason: SentError }
  | ({ readonly type: 'escapement:lease' } & SentLease)

/** From guest to host. `crash`: an exception that nobody caught, beside the handler. JSON and log fields travel as text. */
export type GuestMessage =
  | {
      readonly type: 'escapement:log'
      readonly level: LogLine['level']
      readonly message: string
      readonly fields: string | null
    }
  | { readonly type: 'escapement:progress'; readonly percent: number }
  | { readonly type: 'escapement:result'; readonly json: string | null }
  | { readonly type: 'escapement:error'; readonly error: SentError }
  | { readonly type: 'escapement:crash'; readonly error: SentError }

/** Tells messages of ours from those that a handler sends on the same channel. */
export function isOurs(message: unknown): message is { readonly type: `escapement:${string}` } {
  if (typeof message !== 'object' || message === null) return false
  const { type } = message as { type?: unknown }
  return typeof type === 'string' && type.startsWith('escapement:')
}
