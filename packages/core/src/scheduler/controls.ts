import { checkNames, type Duration, durationMs, InvalidOptionError, type NamesOf } from '@escapement/base'
import { UnknownExecutionError } from '../error/unknown-execution-error.ts'
import { UnsupportedError } from '../error/unsupported-error.ts'
import { planJobsUpToNow } from '../plan/plan-jobs.ts'
import { forgetEnded, pause, resume } from '../policy/pause.ts'
import type { CancelResult } from '../store/enqueue-store.ts'
import type { JobState, PauseWindow } from '../store/job-state.ts'
import type { ExecutionFilter } from '../store/read-store.ts'
import type { BulkAction } from '../store/upkeep-store.ts'
import { instantMs } from '../trigger/instant.ts'
import { checkStorable } from '../context/check-storable.ts'
import { checkText } from '../context/check-texts.ts'
import { checkedExecutionFilter } from './check-arguments.ts'
import { byText, unknownJob } from './enqueuer.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { ByOptions, PauseOptions } from './scheduler.ts'
import { callStore } from '../context/store-caller.ts'

const LONGEST_NOTE = 1_000
/** How many matches a bulk action counts beforehand. */
const COUNT_CAP = 1_000_000
/** For how long a call goes on while the store is away. Milliseconds. */
const PATIENCE_MS = 10_000
/** A pause that others change at the same moment is decided again, so often. */
const MOST_ROUNDS = 20
const BY: NamesOf<ByOptions> = { by: true }
const PAUSE: NamesOf<PauseOptions> = { by: true, note: true, until: true }

/** What people do to jobs and executions. */
export class Controls {
  readonly #context: EngineContext

  constructor(context: EngineContext) {
    this.#context = context
  }

  /** The stored state of a job. @throws {@link UnknownJobError} */
  async state(name: string): Promise<JobState> {
    const { store, namespace, jobs } = this.#context
    const [state] = await this.#call(() => store.jobStates(namespace, [name]))
    if (state === undefined) throw unknownJob(name, jobs.keys())
    return state
  }

  async pause(kind: 'job' | 'queue', name: string, options: PauseOptions): Promise<void> {
    checkNames('pause', options, PAUSE)
    checkText(kind, name)
    const { note = null } = options
    if (note !== null && typeof note !== 'string') {
      throw new InvalidOptionError(`note is of type ${typeof note}; it must be text`)
    }
    if (note !== null && note.length > LONGEST_NOTE) {
      throw new InvalidOptionError(`note has ${note.length} characters; at most ${LONGEST_NOTE} are kept`)
    }
    if (note !== null) checkStorable('note', note)
    const until = options.until === undefined ? null : instantMs(options.until, 'until')
    const by = byText(options.by)
    await this.#changePauses(kind, name, (pauses, now) => pause(pauses, { now, until, by, note }))
    const { events } = this.#context
    if (kind === 'job') events.emit('job:paused', { job: name, by, note, until })
    else events.emit('queue:paused', { queue: name, by, note, until })
  }

  async resume(kind: 'job' | 'queue', name: string, options: ByOptions): Promise<void> {
    checkNames('resume', options, BY)
    checkText(kind, name)
    await this.#changePauses(kind, name, resume)
    const { events } = this.#context
    const by = byText(options.by)
    if (kind === 'job') events.emit('job:resumed', { job: name, by })
    else events.emit('queue:resumed', { queue: name, by })
  }

  async cancel(executionId: string, options: ByOptions): Promise<Exclude<CancelResult, 'unknown'>> {
    checkNames('cancel', options, BY)
    checkText('execution id', executionId)
    const { store, namespace } = this.#context
    const result = await this.#call(() => store.cancel(namespace, executionId, byText(options.by)))
    if (result === 'unknown') throw unknownExecution(executionId)
    return result
  }

  async retry(executionId: string, options: ByOptions): Promise<{ id: string; existing: boolean }> {
    checkNames('retry', options, BY)
    checkText('execution id', executionId)
    const { runtime, store, namespace } = this.#context
    const newId = runtime.id()
    const result = await this.#call(() => store.retry(namespace, executionId, newId, byText(options.by)))
    if (result.result === 'unknown') throw unknownExecution(executionId)
    if (result.result === 'not-ended') {
      throw new UnsupportedError(
        `execution ${result.id} is ${result.status} and cannot be retried before it has ended; cancel it or wait`,
      )
    }
    return { id: result.id, existing: result.result === 'existing' }
  }

  async retire(name: string, options: ByOptions): Promise<void> {
    checkNames('retire', options, BY)
    const { events, store, namespace } = this.#context
    const state = await this.#hostState(name)
    // What fell due until now keeps the schedule that was in force.
    for (let round = 0; state.retiredAt === null && round < MOST_ROUNDS; round++) {
      if ((await planJobsUpToNow(this.#context, [name], false)).has(name)) break
    }
    if (await this.#call(() => store.retire(namespace, name)))
      events.emit('job:retired', { job: name, by: byText(options.by) })
  }

  async bulk(kind: BulkAction['kind'], filter: ExecutionFilter, options: ByOptions): Promise<BulkAction> {
    checkText('kind', kind, ['cancel', 'retry', 'pause'])
    checkNames('bulk', options, BY)
    const which = checkedExecutionFilter(filter)
    checkGiven(filter)
    const { runtime, store, namespace } = this.#context
    const now = await this.#call(() => store.now())
    const frozen = { ...which, createdBefore: Math.min(which.createdBefore ?? now, now) }
    const action: BulkAction = {
      id: runtime.id(),
      kind,
      filter: JSON.stringify(frozen),
      status: 'running',
      total: await this.#call(() => store.countExecutions(namespace, frozen, COUNT_CAP)),
      done: 0,
      failed: 0,
      cursor: null,
      by: byText(options.by),
      createdAt: now,
      updatedAt: now,
    }
    await this.#call(() => store.createBulkAction(namespace, action))
    return action
  }

  async bulkAction(id: string): Promise<BulkAction | null> {
    checkText('bulk action id', id)
    const { store, namespace } = this.#context
    return await this.#call(() => store.bulkAction(namespace, id))
  }

  async abortBulk(id: string): Promise<BulkAction | null> {
    checkText('bulk action id', id)
    const { store, namespace } = this.#context
    for (;;) {
      const action = await this.#call(() => store.bulkAction(namespace, id))
      if (action === null || action.status !== 'running') return action
      const aborted = { ...action, status: 'aborted' as const, updatedAt: await store.now() }
      if (await this.#call(() => store.saveBulkAction(namespace, aborted, action))) return aborted
    }
  }

  async setRetention(retention: Duration): Promise<void> {
    const { store, namespace } = this.#context
    const retentionMs = durationMs(retention, 'retention', { minMs: 60_000 })
    await this.#call(() => store.saveSettings(namespace, { retentionMs }))
  }

  async #changePauses(
    kind: 'job' | 'queue',
    name: string,
    change: (pauses: readonly PauseWindow[], now: number) => readonly PauseWindow[],
  ): Promise<void> {
    const { store, namespace } = this.#context
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const current = kind === 'job' ? (await this.#hostState(name)).pauses : await this.#queuePauses(name)
      const now = await this.#call(() => store.now())
      const changed = change(kind === 'queue' ? forgetEnded(current, now) : current, now)
      if (await this.#call(() => store.setPauses(namespace, { kind, name }, current, changed))) return
    }
    throw new UnsupportedError(`${kind} "${name}" is paused and resumed by others at this moment; try again`)
  }

  /** The state of a job that is the host's own. */
  async #hostState(name: string): Promise<JobState> {
    const state = await this.state(name)
    if (!state.current.spec.isSystem) return state
    throw new InvalidOptionError(
      `Job "${name}" belongs to Escapement itself and keeps the store small: it cannot be paused, resumed or retired`,
    )
  }

  async #queuePauses(name: string): Promise<readonly PauseWindow[]> {
    const { store, namespace } = this.#context
    const queue = (await this.#call(() => store.queueStates(namespace))).find((each) => each.name === name)
    if (queue === undefined)
      throw new InvalidOptionError(`no queue is called "${name}"; a queue exists once a job names it`)
    return queue.pauses
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    return callStore(this.#context.runtime, call, { forMs: PATIENCE_MS })
  }
}

/** @throws {@link InvalidOptionError} for a field without a value: read as absent, the action would reach everything. */
function checkGiven(filter: ExecutionFilter): void {
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined) continue
    throw new InvalidOptionError(`filter.${name} is undefined; leave the field out if the action is for all executions`)
  }
}

/** Names the execution that is missing, and why it may be. */
export function unknownExecution(id: string): UnknownExecutionError {
  return new UnknownExecutionError(
    `no execution has the id "${id}": it never existed, was purged, or its history is not kept`,
  )
}
