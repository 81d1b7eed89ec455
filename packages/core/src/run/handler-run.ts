import { type IsolatedHandler, isIsolated } from '../job/isolated.ts'
import type { Handler } from '../job/job.ts'
import type { RunContext, RunLog } from '../job/run-context.ts'
import { InvalidOptionError, type EscapementError } from '@escapement/base'
import { LeaseLostError } from '../error/lease-lost-error.ts'
import { parseInput } from '../job/parse-input.ts'
import type { EngineContext, LocalJob } from '../context/engine-context.ts'
import type { ClaimedExecution } from '../store/claim-store.ts'
import type { LogLine } from '../store/execution.ts'
import { shown } from './error-record.ts'
import type { ExecutionLog } from './execution-log.ts'
import { type RunningIsolated, startIsolated } from './isolated-handler.ts'
import type { Deadline } from './lease-deadline.ts'

/** What a handler is started with. */
export interface HandlerCase {
  readonly claimed: ClaimedExecution
  readonly local: LocalJob
  readonly log: ExecutionLog
  setProgress(progress: number): void
}

/** A handler under way, in this thread or another. */
export interface HandlerRun {
  readonly result: Promise<unknown>
  /** Whether it can be ended against its will. */
  readonly isIsolated: boolean
  /** Passes the abort on; a handler of this thread has the signal itself. */
  abort(reason: EscapementError): void
  leaseExtended(): void
  terminate(): Promise<void>
}

/** Starts the handler of a job; never throws. */
export function startHandler(
  given: HandlerCase,
  context: EngineContext,
  lease: Deadline,
  signal: AbortSignal,
): HandlerRun {
  const { run } = given.local.job
  if (isIsolated(run)) return new IsolatedHandlerRun(run, given, context, lease)
  const nothing = (): void => undefined
  return {
    result: runHere(run, given, context, lease, signal),
    isIsolated: false,
    abort: nothing,
    leaseExtended: nothing,
    terminate: () => Promise.resolve(),
  }
}

/** A handler in a thread or process of its own; its input is checked here, where the schema is. */
class IsolatedHandlerRun implements HandlerRun {
  readonly isIsolated = true
  readonly result: Promise<unknown>
  readonly #lease: Deadline
  #running: RunningIsolated | undefined
  #reason: EscapementError | undefined

  constructor(handler: IsolatedHandler, given: HandlerCase, context: EngineContext, lease: Deadline) {
    this.#lease = lease
    this.result = this.#run(handler, given, context)
  }

  abort(reason: EscapementError): void {
    this.#reason = reason
    this.#running?.abort(reason)
  }

  leaseExtended(): void {
    this.#running?.extendLease(this.#lease.remainingMs())
  }

  async terminate(): Promise<void> {
    await this.#running?.terminate()
  }

  async #run(handler: IsolatedHandler, given: HandlerCase, context: EngineContext): Promise<unknown> {
    const { claimed, local } = given
    const input = await parseInput(claimed.job, local.job.input, storedInput(claimed))
    if (this.#reason !== undefined) throw this.#reason
    this.#running = startIsolated(
      handler,
      {
        input: JSON.stringify(input) ?? null,
        job: claimed.job,
        executionId: claimed.id,
        attempt: claimed.attempt,
        scheduledFor: claimed.scheduledFor,
        missed: claimed.missed,
        fence: claimed.guardFence.toString(),
        fenceKey: claimed.guardKey,
        remainingMs: this.#lease.remainingMs(),
        traceparent: claimed.traceparent,
        principal: `system:job/${claimed.job}`,
      },
      { log: logWriter(given, context), progress: (percent) => given.setProgress(checkedProgress(given, percent)) },
    )
    return await this.#running.result
  }
}

async function runHere(
  run: Handler,
  given: HandlerCase,
  context: EngineContext,
  lease: Deadline,
  signal: AbortSignal,
): Promise<unknown> {
  const { claimed, local } = given
  const write = logWriter(given, context)
  const log: RunLog = {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  }
  const runContext: RunContext = {
    input: await parseInput(claimed.job, local.job.input, storedInput(claimed)),
    signal,
    fence: claimed.guardFence,
    fenceKey: claimed.guardKey,
    job: claimed.job,
    executionId: claimed.id,
    attempt: claimed.attempt,
    scheduledFor: claimed.scheduledFor,
    missed: claimed.missed,
    log,
    progress: (percent) => given.setProgress(checkedProgress(given, percent)),
    remainingMs: () => lease.remainingMs(),
    assertHeld: () => {
      if (signal.aborted) throw signal.reason
      if (lease.remainingMs() === 0) throw new LeaseLostError(`the lease of execution ${claimed.id} has ended`)
    },
  }
  return await run(runContext)
}

function logWriter(
  given: HandlerCase,
  context: EngineContext,
): (level: LogLine['level'], message: unknown, fields?: object) => void {
  const { redactor } = given.local
  let secrets: readonly string[] | undefined
  return (level, message, fields) => {
    secrets ??= redactor.secretsOf(storedInput(given.claimed))
    const text = fields === undefined ? null : redactor.json(fieldsText(fields), secrets)
    const line = { at: context.clock.now(), level, message: redactor.scrub(shown(message), secrets) }
    given.log.add(text === null ? line : { ...line, fields: text })
  }
}

function storedInput({ input }: ClaimedExecution): unknown {
  return input === null ? undefined : JSON.parse(input)
}

function fieldsText(fields: object): string {
  try {
    return JSON.stringify(fields) ?? 'null'
  } catch {
    return '"(fields that are not JSON)"'
  }
}

function checkedProgress(given: HandlerCase, percent: number): number {
  if (typeof percent === 'number' && percent >= 0 && percent <= 100) return percent
  throw new InvalidOptionError(`Job "${given.local.spec.name}": progress is ${String(percent)}; report 0 to 100`)
}
