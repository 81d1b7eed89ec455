import {
  InvalidOptionError,
  parsePrincipal,
  systemRuntime,
  type Timer,
  TimerQueue,
  withContext,
} from '@escapement/base'
import { LeaseLostError } from '../error/lease-lost-error.ts'
import type { RunContext } from '../job/run-context.ts'
import type { LogLine } from '../store/execution.ts'
import { type IsolatedDeadline, isolatedDeadline, LAST_WORDS_MS } from './isolated-deadline.ts'
import { receiveError, sendError } from './isolated-error.ts'
import { isolatedFunction } from './isolated-function.ts'
import type { GuestMessage, HostMessage, SentLease, StartMessage } from './isolated-message.ts'
import { resultText } from './result-text.ts'

/** More lines than this between two turns of the loop are dropped: they would only pile up in the host's memory. */
const MOST_LINES_A_TURN = 1_000

/** A guest's way to its host. */
export interface HostChannel {
  /** `sent` is called once the message has left, also when it never will. */
  send(message: GuestMessage, sent?: () => void): void
  onMessage(listener: (message: HostMessage) => void): void
  /** The host closed the channel, or died. */
  onClose(listener: () => void): void
  /** Lets the thread or process end when nothing else keeps it. */
  leave(): void
}

/**
 * Runs the handler in this thread or process and reports its end. The guest holds the lease by itself, on its own
 * monotonic clock: it aborts the handler and exits when the lease ends or the channel closes (rule 17).
 */
export async function runGuest(start: StartMessage, channel: HostChannel): Promise<void> {
  const guest = new Guest(start, channel)
  await guest.run()
}

class Guest {
  readonly #start: StartMessage
  readonly #channel: HostChannel
  readonly #abort = new AbortController()
  readonly #timers = new TimerQueue(systemRuntime, { keepAlive: false })
  readonly #ends: Timer[] = []
  #deadline: IsolatedDeadline
  #hasReported = false
  #linesThisTurn = 0
  #progress = -1

  constructor(start: StartMessage, channel: HostChannel) {
    this.#start = start
    this.#channel = channel
    this.#deadline = this.#hold({ remainingMs: start.context.remainingMs, sentAt: start.sentAt })
    channel.onMessage((message) => {
      if (message.type === 'escapement:abort') this.#abort.abort(receiveError(message.reason))
      else if (message.type === 'escapement:lease') this.#deadline = this.#hold(message)
    })
    channel.onClose(() => this.#hostLeft())
    process.on('uncaughtException', (error) => {
      this.#report({ type: 'escapement:crash', error: sendError(error) }, () => process.exit(1))
    })
  }

  async run(): Promise<void> {
    const { url, context } = this.#start
    const leave = (): void => this.#channel.leave()
    try {
      const handler = await isolatedFunction(url)
      this.#abort.signal.throwIfAborted()
      const ambient = {
        principal: parsePrincipal(context.principal),
        executionId: context.executionId,
        job: context.job,
        attempt: context.attempt,
        ...(context.traceparent !== null && { traceparent: context.traceparent }),
      }
      const result = await withContext(ambient, () => handler(this.#runContext()))
      this.#report({ type: 'escapement:result', json: resultText(context.job, result) }, leave)
    } catch (error) {
      this.#report({ type: 'escapement:error', error: sendError(error) }, leave)
    }
  }

  /** Reports the end, once; `then` follows when the report has left. */
  #report(message: GuestMessage, then: () => void): void {
    if (this.#hasReported) {
      then()
      return
    }
    this.#hasReported = true
    this.#channel.send(message, then)
  }

  /** Sets the moments at which the guest ends itself, in place of earlier ones. */
  #hold(lease: SentLease): IsolatedDeadline {
    const deadline = isolatedDeadline(lease, systemRuntime)
    for (const timer of this.#ends.splice(0)) timer.cancel()
    const error = new LeaseLostError(
      `the lease of execution ${this.#start.context.executionId} was not renewed in time`,
    )
    this.#endAt(deadline.signalAt, deadline.exitAt, error)
    return deadline
  }

  #hostLeft(): void {
    if (this.#hasReported) return
    const now = systemRuntime.monotonic()
    const error = new LeaseLostError(`the host of execution ${this.#start.context.executionId} is gone`)
    this.#endAt(now, Math.min(now + LAST_WORDS_MS, this.#deadline.exitAt), error)
  }

  #endAt(signalAt: number, exitAt: number, error: LeaseLostError): void {
    const now = systemRuntime.monotonic()
    const exit = (): never => process.exit(1)
    this.#ends.push(
      this.#timers.after(signalAt - now, () => this.#abort.abort(error)),
      this.#timers.after(exitAt - now, () => this.#report({ type: 'escapement:error', error: sendError(error) }, exit)),
    )
  }

  #runContext(): RunContext {
    const { input, job, executionId, attempt, scheduledFor, missed, fence, fenceKey } = this.#start.context
    const { signal } = this.#abort
    const remainingMs = (): number => Math.max(0, this.#deadline.signalAt - systemRuntime.monotonic())
    return {
      input: input === null ? undefined : JSON.parse(input),
      signal,
      fence: BigInt(fence),
      fenceKey,
      job,
      executionId,
      attempt,
      scheduledFor,
      missed,
      log: {
        debug: (message, fields) => this.#log('debug', message, fields),
        info: (message, fields) => this.#log('info', message, fields),
        warn: (message, fields) => this.#log('warn', message, fields),
        error: (message, fields) => this.#log('error', message, fields),
      },
      progress: (percent) => this.#reportProgress(percent),
      remainingMs,
      assertHeld: () => {
        signal.throwIfAborted()
        if (remainingMs() === 0) throw new LeaseLostError(`the lease of execution ${executionId} has ended`)
      },
    }
  }

  #log(level: LogLine['level'], message: string, fields?: object): void {
    if (this.#linesThisTurn++ === 0) this.#timers.after(0, () => this.#turnOver())
    if (this.#linesThisTurn > MOST_LINES_A_TURN) return
    this.#send({ type: 'escapement:log', level, message, fields: fieldsText(fields) })
  }

  #turnOver(): void {
    const dropped = this.#linesThisTurn - MOST_LINES_A_TURN
    this.#linesThisTurn = 0
    if (dropped <= 0) return
    const message = `${dropped} lines were dropped: more than ${MOST_LINES_A_TURN} came at once`
    this.#send({ type: 'escapement:log', level: 'warn', message, fields: null })
  }

  #reportProgress(percent: number): void {
    if (!(typeof percent === 'number' && percent >= 0 && percent <= 100)) {
      const { job } = this.#start.context
      throw new InvalidOptionError(`Job "${job}": progress is ${String(percent)}; report 0 to 100`)
    }
    if (Math.floor(percent) === Math.floor(this.#progress)) return // a finer step is worth no message
    this.#progress = percent
    this.#send({ type: 'escapement:progress', percent })
  }

  /** Nothing follows the report of the end. */
  #send(message: GuestMessage): void {
    if (!this.#hasReported) this.#channel.send(message)
  }
}

function fieldsText(fields: object | undefined): string | null {
  if (fields === undefined) return null
  try {
    return JSON.stringify(fields) ?? null
  } catch {
    return '"(fields that are not JSON)"'
  }
}
