import {
  checkNames,
  currentContext,
  durationMs,
  InvalidOptionError,
  type NamesOf,
  nearestName,
  principalText,
  type PrincipalLike,
} from '@escapement/base'
import { InvalidInputError } from '../error/invalid-input-error.ts'
import { UnknownJobError } from '../error/unknown-job-error.ts'
import { checkStorable } from '../context/check-storable.ts'
import { concurrencyKeyOf } from '../job/concurrency-key.ts'
import type { AnyJob } from '../job/job.ts'
import { parseInput } from '../job/parse-input.ts'
import type { JobSpec } from '../job/job-spec.ts'
import type { EnqueueResult } from '../store/enqueue-store.ts'
import type { NewExecution } from '../store/plan-store.ts'
import { instantMs } from '../trigger/instant.ts'
import type { EngineContext, LocalJob } from '../context/engine-context.ts'
import { checkText } from '../context/check-texts.ts'
import { jobNameOf } from './check-arguments.ts'
import type { Registrar } from '../instance/registrar.ts'
import type { EnqueueOptions } from './scheduler.ts'
import { callStore } from '../context/store-caller.ts'

const ROWS_A_CALL = 1_000
const MOST_INPUTS = 10_000
const LONGEST_KEY_BYTES = 255
/** The largest payload, in UTF-8 bytes of JSON. */
const LARGEST_INPUT_BYTES = 1_048_576
/** For how long a call goes on while the store is away. Milliseconds. */
const PATIENCE_MS = 10_000

/** How long a definition that was found is relied on. Milliseconds. */
const KNOWN_MS = 10_000

const OPTIONS: NamesOf<EnqueueOptions> = {
  at: true,
  delay: true,
  key: true,
  priority: true,
  ifOpen: true,
  by: true,
  transaction: true,
}

interface Definition {
  readonly spec: JobSpec
  /** Null: the job's code is elsewhere. */
  readonly local: LocalJob | null
  readonly revision: number
}

/** Checks what callers ask for and turns it into executions; nothing is written before all of it is known to be good. */
export class Enqueuer {
  readonly #context: EngineContext
  readonly #registrar: Registrar
  readonly #known = new Map<string, { readonly found: Definition; readonly at: number }>()

  constructor(context: EngineContext, registrar: Registrar) {
    this.#context = context
    this.#registrar = registrar
  }

  async enqueue(
    job: AnyJob | string,
    inputs: readonly unknown[],
    options: EnqueueOptions,
  ): Promise<readonly EnqueueResult[]> {
    const name = jobNameOf(job)
    checkNames('enqueue', options, OPTIONS)
    if (options.ifOpen !== undefined) checkText('ifOpen', options.ifOpen, ['wait', 'skip'])
    if (inputs.length > MOST_INPUTS) {
      throw new InvalidOptionError(
        `enqueueMany is given ${inputs.length} inputs; at most ${MOST_INPUTS} are taken in one call`,
      )
    }
    const when = checkedTiming(options)
    checkKey(options.key)
    const { spec, local, revision } = await this.#definition(name)
    const shared = {
      job: name,
      revision,
      origin: 'enqueued',
      dedupeKey: options.key === undefined ? null : `key:${options.key}`,
      queue: spec.queue,
      priority: checkedPriority(options.priority ?? spec.priority),
      scheduledFor: when.dueAt,
      dueAt: when.dueAt,
      delayMs: when.delayMs,
      startWithinMs: spec.startWithinMs,
      concurrencyLimit: spec.concurrencyLimit,
      isExclusive: spec.overlap !== 'allow',
      ifOpen: options.ifOpen ?? 'wait',
      missed: null,
      isJudged: true,
      createdBy: byText(options.by),
      traceparent: currentContext()?.traceparent ?? null,
    } as const
    const rows: NewExecution[] = []
    for (const input of inputs) {
      const text = inputText(name, input)
      const parsed = local === null ? input : await parseInput(name, local.job.input, input)
      const concurrencyKey = local === null ? null : concurrencyKeyOf(local.job.concurrency, parsed)
      rows.push({ ...shared, id: this.#context.runtime.id(), input: text, concurrencyKey })
    }
    return await this.#write(rows, options.transaction)
  }

  async #write(rows: readonly NewExecution[], transaction: unknown): Promise<readonly EnqueueResult[]> {
    const { runtime, store, namespace } = this.#context
    const results: EnqueueResult[] = []
    for (let first = 0; first < rows.length; first += ROWS_A_CALL) {
      const chunk = rows.slice(first, first + ROWS_A_CALL)
      // Inside the host's transaction a failed statement is the host's to repeat (rule 24).
      const written =
        transaction === undefined
          ? await callStore(runtime, () => store.enqueue(namespace, chunk), { forMs: PATIENCE_MS })
          : await store.enqueue(namespace, chunk, transaction)
      results.push(...written)
    }
    return results
  }

  async #definition(name: string): Promise<Definition> {
    const known = this.#known.get(name)
    const now = this.#context.runtime.monotonic()
    if (known !== undefined && now - known.at < KNOWN_MS) return known.found
    const found = await this.#find(name)
    this.#known.set(name, { found, at: now })
    return found
  }

  /** The local definition, made known to the store; for a job of other processes, the stored one. */
  async #find(name: string): Promise<Definition> {
    const { runtime, store, namespace, jobs } = this.#context
    const local = jobs.get(name) ?? null
    if (local !== null) await this.#registrar.define(local)
    const [state] = await callStore(runtime, () => store.jobStates(namespace, [name]), { forMs: PATIENCE_MS })
    if (state === undefined) throw unknownJob(name, jobs.keys())
    const { spec } = state.current // what is in force decides, also where this process has newer code
    if (local === null && spec.concurrencyLimit !== null) {
      throw new UnknownJobError(
        `Job "${name}" derives a concurrency key from its input by code that this process does not have; enqueue it where it is defined`,
      )
    }
    return { spec, local, revision: state.current.revision }
  }
}

/** Names the job that is missing and the nearest one that exists. */
export function unknownJob(name: string, known: Iterable<string>): UnknownJobError {
  const near = nearestName(name, known)
  return new UnknownJobError(`no job is called "${name}"${near === null ? '' : `; did you mean "${near}"?`}`)
}

/** The text form of who asks: given, else ambient, else nobody. */
export function byText(by: PrincipalLike | undefined): string | null {
  const principal = by ?? currentContext()?.principal
  if (principal === undefined) return null
  const text = principalText(principal)
  checkStorable('by', text)
  return text
}

function checkedTiming(options: EnqueueOptions): { dueAt: number | null; delayMs: number } {
  if (options.at !== undefined && options.delay !== undefined) {
    throw new InvalidOptionError('enqueue is given both at and delay; give one')
  }
  const delayMs = options.delay === undefined ? 0 : durationMs(options.delay, 'delay')
  return { dueAt: options.at === undefined ? null : instantMs(options.at, 'at'), delayMs }
}

function checkKey(key: string | undefined): void {
  if (key === undefined) return
  const sizeBytes = typeof key === 'string' ? Buffer.byteLength(key) : 0
  if (sizeBytes > 0 && sizeBytes <= LONGEST_KEY_BYTES) return checkStorable('key', key)
  throw new InvalidOptionError(`key has ${sizeBytes} bytes; it must be text of 1 to ${LONGEST_KEY_BYTES} bytes`)
}

function checkedPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= -100 && priority <= 100) return priority
  throw new InvalidOptionError(`priority is ${String(priority)}; it must be a whole number from -100 to 100`)
}

function inputText(job: string, input: unknown): string | null {
  if (input === undefined) return null
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch (cause) {
    throw new InvalidInputError(`Job "${job}": its input cannot be stored as JSON`, { cause })
  }
  if (text === undefined) throw new InvalidInputError(`Job "${job}": its input is a ${typeof input}; give plain data`)
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes <= LARGEST_INPUT_BYTES) return text
  throw new InvalidInputError(
    `Job "${job}": its input has ${sizeBytes} bytes of JSON; at most ${LARGEST_INPUT_BYTES} are stored. Keep it elsewhere and pass where`,
  )
}
