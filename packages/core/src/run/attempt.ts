import { type EscapementError, type Timer, withContext } from '@escapement/base'
import { AttemptTimeoutError } from '../error/attempt-timeout-error.ts'
import type { EngineContext, LocalJob } from '../context/engine-context.ts'
import type { ClaimedExecution } from '../store/claim-store.ts'
import { type HandlerRun, startHandler } from './handler-run.ts'
import type { Deadline } from './lease-deadline.ts'
import { isTakenAhead } from './taken-ahead.ts'
import { ExecutionLog } from './execution-log.ts'

/** Why a handler's signal was aborted; the first cause stands. */
export type AbortCause = 'timeout' | 'cancel' | 'stop' | 'lease'

/** How a handler ended. */
export type HandlerEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }

/** Who is told of an attempt's life. */
export interface AttemptObserver {
  /** Its handler ended; `wasAbandoned`: after the grace period, its slot was free already. */
  ended(attempt: Attempt, end: HandlerEnd, wasAbandoned: boolean): void
  /** Its handler ignored its signal for all of the grace period: the slot is free from now on. */
  abandoned(attempt: Attempt): void
  /** It has been abandoned for as long as the job allows: its execution must not stay open any longer. */
  expired(attempt: Attempt): void
  progressed(attempt: Attempt, progress: number): void
}

/** One try of one execution by this instance: its handler, signal, log and time limits. Decides nothing about verdicts. */
export class Attempt {
  readonly claimed: ClaimedExecution
  readonly local: LocalJob
  /** The id under which this instance claimed it. */
  readonly instance: string
  /** Unix milliseconds, server clock. */
  readonly startedAt: number
  readonly log: ExecutionLog = new ExecutionLog()
  progress: number | null = null
  /** When the grace period was over, Unix milliseconds on the server's clock; null: it was not. */
  abandonedAt: number | null = null
  /** Who asked for the cancellation, in text form. */
  cancelledBy: string | null = null
  #cause: AbortCause | null = null
  #hasEnded = false
  #timer: Timer | undefined
  #slowTimer: Timer | undefined
  #handler: HandlerRun | undefined
  readonly #context: EngineContext
  readonly #lease: Deadline
  readonly #observer: AttemptObserver
  readonly #abort = new AbortController()

  constructor(
    context: EngineContext,
    local: LocalJob,
    claimed: ClaimedExecution,
    instance: string,
    lease: Deadline,
    observer: AttemptObserver,
  ) {
    this.#context = context
    this.#lease = lease
    this.#observer = observer
    this.local = local
    this.claimed = claimed
    this.instance = instance
    this.startedAt = claimed.startedAt === null || isTakenAhead(claimed) ? context.clock.now() : claimed.startedAt
  }

  /** Why its signal was aborted; null: it was not. */
  get cause(): AbortCause | null {
    return this.#cause
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Calls the handler. Never throws: whatever goes wrong is the handler's end. */
  start(): void {
    const { spec, principal } = this.local
    const { timers, events } = this.#context
    if (spec.timeoutMs !== null) {
      const { timeoutMs } = spec
      this.#timer = timers.after(timeoutMs, () => {
        const error = new AttemptTimeoutError(
          `Job "${spec.name}": the attempt ran longer than its timeout of ${timeoutMs} ms`,
        )
        this.abort('timeout', error)
      })
      if (events.has('execution:slow')) {
        this.#slowTimer = timers.after(timeoutMs / 2, () => {
          events.emit('execution:slow', { ...this.eventFields(), runningMs: Math.round(timeoutMs / 2) })
        })
      }
    }
    const context = {
      principal,
      executionId: this.claimed.id,
      job: spec.name,
      attempt: this.claimed.attempt,
      ...(this.claimed.traceparent !== null && { traceparent: this.claimed.traceparent }),
    }
    this.#handler = withContext(context, () => startHandler(this, this.#context, this.#lease, this.#abort.signal))
    this.#handler.result.then(
      (value) => this.#end({ kind: 'returned', value }),
      (error: unknown) => this.#end({ kind: 'threw', error }),
    )
  }

  /** Aborts the handler's signal; after the job's grace period a handler that goes on is abandoned. */
  abort(cause: AbortCause, error: EscapementError): void {
    if (this.#cause !== null || this.#hasEnded) return
    this.#cause = cause
    this.#timer?.cancel()
    this.#slowTimer?.cancel()
    this.#timer = this.#context.timers.after(this.local.spec.graceMs, () => this.#graceOver())
    this.#abort.abort(error)
    this.#handler?.abort(error)
  }

  /** The lease was renewed: isolated handlers hold a deadline of their own. */
  leaseExtended(): void {
    this.#handler?.leaseExtended()
  }

  /** Ends an isolated handler with its thread or process; a handler of this process cannot be ended. */
  async terminate(): Promise<void> {
    await this.#handler?.terminate()
  }

  /** What every event of this attempt says. */
  eventFields(): EventFields {
    const { id, job, queue, scheduledFor, attempt } = this.claimed
    return { executionId: id, job, queue, scheduledFor, attempt, instance: this.instance }
  }

  /** Takes the progress that the handler reported, to whole percents: half done is not done, so 99.9 stays 99. */
  setProgress(percent: number): void {
    const progress = Math.floor(percent)
    this.progress = progress
    this.#observer.progressed(this, progress)
  }

  #graceOver(): void {
    if (this.#handler?.isIsolated === true) {
      this.#handler.terminate().catch((error: unknown) => this.#context.report(error, 'terminate'))
      return
    }
    if (this.#cause === 'stop') return // it keeps its lease until it ends or the process does (rule 18)
    this.abandonedAt = this.#context.clock.now()
    this.#timer = this.#context.timers.after(this.local.spec.abandonAfterMs, () => this.#observer.expired(this))
    this.#observer.abandoned(this)
  }

  #end(end: HandlerEnd): void {
    this.#hasEnded = true
    this.#timer?.cancel()
    this.#slowTimer?.cancel()
    this.#observer.ended(this, end, this.abandonedAt !== null)
  }
}

/** What every event of an attempt says. */
export interface EventFields {
  readonly executionId: string
  readonly job: string
  readonly queue: string
  readonly scheduledFor: number
  readonly attempt: number
  readonly instance: string
}
