import { systemRuntime, TimerQueue } from '@escapement/base'
import { WorkerExitError } from '../error/worker-exit-error.ts'
import type { IsolatedHandler } from '../job/isolated.ts'
import type { LogLine } from '../store/execution.ts'
import { receiveError } from './isolated-error.ts'
import type { GuestChannel, GuestEnd, GuestListener } from './isolated-guest-channel.ts'
import type { GuestMessage, IsolatedContext, StartMessage } from './isolated-message.ts'
import { startProcess } from './isolated-process.ts'
import { startThread } from './isolated-thread.ts'

/** How long a guest whose handler has ended may take to leave by itself, so that what it printed is not lost. Milliseconds. */
const LEAVE_MS = 1_000

/** What an isolated handler reports while it runs. Must not throw. */
export interface IsolatedHooks {
  log(level: LogLine['level'], message: string, fields?: object): void
  /** 0 to 100. */
  progress(percent: number): void
}

/** Why a handler is told to end; every {@link EscapementError} is one. */
interface AbortReason {
  readonly name: string
  readonly message: string
  readonly code: string
}

/** A handler that runs in a thread or process of its own. */
export interface RunningIsolated {
  /**
   * What the handler returned. Rejects with what it threw, rebuilt: name, message, stack, code and causes as they were,
   * `NonRetryableError` and `RetryAfterError` as themselves; with {@link WorkerExitError} when the thread or process
   * ended before its handler; with {@link InvalidOptionError} when the module is no handler.
   */
  readonly result: Promise<unknown>
  /** Aborts the handler's signal; the reason arrives there as the same kind of error. */
  abort(reason: AbortReason): void
  /** Moves the deadline at which the guest ends itself: `remainingMs` from now, milliseconds. */
  extendLease(remainingMs: number): void
  /** Ends the thread, or the process by SIGTERM and a second later SIGKILL. Idempotent; resolves once it has ended. */
  terminate(): Promise<void>
}

/**
 * Runs the handler that a module exports. The guest holds its lease by itself (rule 17): it ends when the lease does,
 * or when its host dies. Never throws; whatever goes wrong rejects `result`.
 */
export function startIsolated(
  handler: IsolatedHandler,
  context: IsolatedContext,
  hooks: IsolatedHooks,
): RunningIsolated {
  return new IsolatedRun(handler, context, hooks)
}

class IsolatedRun implements RunningIsolated, GuestListener {
  readonly result: Promise<unknown>
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: Error) => void
  readonly #hooks: IsolatedHooks
  readonly #guest: string
  readonly #channel: GuestChannel | undefined
  readonly #leaving = new TimerQueue(systemRuntime, { keepAlive: false })
  #isTerminated = false

  constructor(handler: IsolatedHandler, context: IsolatedContext, hooks: IsolatedHooks) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#hooks = hooks
    this.#guest = `The ${handler.kind} of the isolated handler ${handler.url}`
    const start: StartMessage = { type: 'escapement:start', url: handler.url, context, sentAt: systemRuntime.now() }
    try {
      this.#channel = (handler.kind === 'thread' ? startThread : startProcess)(handler, start, this)
    } catch (cause) {
      this.ended({ how: `could not be started: ${(cause as Error).message}`, cause })
    }
  }

  abort({ name, message, code }: AbortReason): void {
    this.#channel?.send({ type: 'escapement:abort', reason: { record: { name, message, code } } })
  }

  extendLease(remainingMs: number): void {
    this.#channel?.send({ type: 'escapement:lease', remainingMs, sentAt: systemRuntime.now() })
  }

  async terminate(): Promise<void> {
    this.#isTerminated = true
    // A guest whose signal was aborted takes SIGTERM as the end; before that, the signal may be one for the whole group.
    this.abort({ name: 'StoppingError', message: 'The isolated handler is ended by force', code: 'ERR_STOPPING' })
    await this.#channel?.terminate()
  }

  received(message: GuestMessage): void {
    switch (message.type) {
      case 'escapement:log': {
        const fields = message.fields === null ? undefined : (JSON.parse(message.fields) as object)
        this.#hooks.log(message.level, message.message, fields)
        return
      }
      case 'escapement:progress':
        this.#hooks.progress(message.percent)
        return
      case 'escapement:result':
        this.#resolve(message.json === null ? undefined : JSON.parse(message.json))
        this.#leave()
        return
      case 'escapement:error':
        this.#reject(receiveError(message.error))
        this.#leave()
        return
      case 'escapement:crash': {
        const cause = receiveError(message.error)
        const what = `${cause.name}: ${cause.message}`
        this.ended({ how: `was ended by an exception that nobody caught, beside its handler (${what}),`, cause })
      }
    }
  }

  ended({ how, cause }: GuestEnd): void {
    this.#leaving.close()
    const told = this.#isTerminated ? ', having been told to,' : ''
    const options = cause === undefined ? undefined : { cause }
    this.#reject(new WorkerExitError(`${this.#guest} ${how}${told} before its handler ended`, options))
  }

  #leave(): void {
    this.#leaving.after(LEAVE_MS, () => void this.#channel?.terminate())
  }
}
