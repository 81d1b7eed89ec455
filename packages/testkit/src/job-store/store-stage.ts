import { strict as assert } from 'node:assert'
import type {
  Attempt,
  ClaimedExecution,
  ClaimResult,
  EnqueueResult,
  Execution,
  HeartbeatResult,
  JobSpec,
  JobState,
  JobStore,
  NewExecution,
  PlanEntry,
  QueueDemand,
  Settlement,
  SettleResult,
  Span,
} from '@escapement/core'
import type { VirtualRuntime } from '../runtime/virtual-runtime.ts'
import { newSpec, registered } from './new-job.ts'

/** The lease of instances, milliseconds, unless a case says otherwise. */
export const LEASE_MS = 30_000

/** What a claim asks for, beyond the defaults: ten slots of `default`, every job of the stage. */
export interface StageClaim {
  readonly slots?: number
  readonly prefetch?: number
  readonly aheadMs?: number
  readonly queues?: readonly QueueDemand[]
  readonly jobs?: readonly string[]
  readonly token?: number
  readonly isRepeat?: boolean
}

/** A store with the shortest ways to bring it into the state that a case is about. */
export class StoreStage {
  readonly store: JobStore
  readonly runtime: VirtualRuntime
  readonly namespace: string
  readonly #specs = new Map<string, { readonly spec: JobSpec; readonly revision: number }>()
  readonly #tokens = new Map<string, number>()

  constructor(store: JobStore, runtime: VirtualRuntime, namespace = 'contract') {
    this.store = store
    this.runtime = runtime
    this.namespace = namespace
  }

  /** The same store seen from another namespace. */
  elsewhere(namespace: string): StoreStage {
    return new StoreStage(this.store, this.runtime, namespace)
  }

  now(): number {
    return this.runtime.now()
  }

  /** Lets time pass: milliseconds. */
  async pass(ms: number): Promise<void> {
    await this.runtime.advance(ms)
  }

  /** Registers a job, or another definition of one that is there already. */
  async job(given: Partial<JobSpec> = {}): Promise<JobState> {
    const spec = newSpec(given)
    const [known] = await this.store.statesForRegistration(this.namespace, [spec.name], null)
    const state = known?.state ?? null
    const effectiveFrom = Math.max(this.now(), state?.plannedUntil ?? 0)
    const expected = state && { revision: state.current.revision, plannedUntil: state.plannedUntil }
    const change = { job: registered(spec), expected, effectiveFrom, nextTickAt: null }
    assert.deepEqual(await this.store.changeDefinitions(this.namespace, [change]), ['applied'])
    const after = await this.state(spec.name)
    this.#specs.set(spec.name, { spec, revision: after.current.revision })
    return after
  }

  /** Registers an instance with a handler for every job of the stage, or for those that are named. */
  async instance(id: string, given: { leaseMs?: number; jobs?: readonly string[] } = {}): Promise<void> {
    const { leaseMs = LEASE_MS, jobs = [...this.#specs.keys()] } = given
    const { isAlive } = await this.store.registerInstance(this.namespace, { id, name: id, version: null, leaseMs })
    assert.equal(isAlive, true)
    const handlers = jobs.map((job) => ({ job, hash: registered(this.#of(job).spec).hash }))
    await this.store.announceHandlers(this.namespace, id, handlers)
  }

  async state(job: string): Promise<JobState> {
    const [state] = await this.store.jobStates(this.namespace, [job])
    assert.ok(state, `job ${job} has a state`)
    return state
  }

  /** An execution as `enqueue` makes it. */
  run(given: Partial<NewExecution> = {}): NewExecution {
    const job = given.job ?? 'report'
    const { spec, revision } = this.#of(job)
    return {
      id: this.runtime.id(),
      job,
      revision,
      origin: 'enqueued',
      dedupeKey: null,
      queue: spec.queue,
      priority: spec.priority,
      scheduledFor: null,
      dueAt: null,
      delayMs: 0,
      startWithinMs: spec.startWithinMs,
      input: null,
      concurrencyKey: null,
      concurrencyLimit: null,
      isExclusive: spec.overlap !== 'allow',
      ifOpen: 'wait',
      missed: null,
      isJudged: true,
      createdBy: null,
      traceparent: null,
      ...given,
    }
  }

  /** An execution as the planner makes it. */
  tick(at: number, given: Partial<NewExecution> = {}): NewExecution {
    const tick = { origin: 'tick', dedupeKey: `tick:${at}`, scheduledFor: at, dueAt: at, isJudged: false } as const
    return this.run({ ...tick, ...given })
  }

  /** Enqueues one execution. */
  async enqueue(given: Partial<NewExecution> = {}): Promise<EnqueueResult> {
    const [result] = await this.store.enqueue(this.namespace, [this.run(given)])
    assert.ok(result)
    return result
  }

  /** Enqueues that many and answers their ids in order. */
  async enqueueMany(count: number, given: Partial<NewExecution> = {}): Promise<string[]> {
    const executions = Array.from({ length: count }, () => this.run(given))
    return (await this.store.enqueue(this.namespace, executions)).map(({ id }) => id)
  }

  /** An entry that changes nothing but what is given. */
  async entry(job: string, given: Partial<PlanEntry> = {}): Promise<PlanEntry> {
    const { current, plannedUntil, nextTickAt, pauses } = await this.state(job)
    const expected = { revision: current.revision, plannedUntil, pauses }
    const unchanged = { plannedUntil, nextTickAt, pauses, executions: [], spans: [], fold: [], keep: [] }
    return { job, expected, ...unchanged, ...given }
  }

  /** Plans ticks of one job, unjudged, and moves its cursor to the last; answers their executions' ids. */
  async plan(job: string, ticks: readonly number[], given: Partial<NewExecution> = {}): Promise<string[]> {
    const executions = ticks.map((at) => this.tick(at, { job, ...given }))
    const plannedUntil = Math.max(...ticks)
    const entry = await this.entry(job, { executions, plannedUntil })
    assert.deepEqual(await this.store.plan(this.namespace, [entry]), ['planned'])
    return executions.map(({ id }) => id)
  }

  /** Claims, and checks that the instance is alive. */
  async claimResult(instance: string, given: StageClaim = {}): Promise<ClaimResult> {
    const token = given.token ?? (this.#tokens.get(instance) ?? 0) + 1
    this.#tokens.set(instance, token)
    const { slots = 10, prefetch = 0, aheadMs = 0, jobs = [...this.#specs.keys()], isRepeat = false } = given
    return await this.store.claim(this.namespace, {
      instance,
      token,
      isRepeat,
      queues: given.queues ?? [{ queue: 'default', slots, prefetch }],
      aheadMs,
      handlers: new Set(jobs),
    })
  }

  async claim(instance: string, given: StageClaim = {}): Promise<readonly ClaimedExecution[]> {
    const { isAlive, executions } = await this.claimResult(instance, given)
    assert.equal(isAlive, true, `instance ${instance} is alive`)
    return executions
  }

  /** Claims just one. */
  async claimOne(instance: string, given: StageClaim = {}): Promise<ClaimedExecution> {
    const executions = await this.claim(instance, { slots: 1, ...given })
    assert.equal(executions.length, 1, `one execution is there to be claimed, not ${executions.length}`)
    return executions[0] as ClaimedExecution
  }

  async heartbeat(
    instance: string,
    holding: readonly ClaimedExecution[] = [],
    claimedUpTo = 0,
  ): Promise<HeartbeatResult> {
    return await this.store.heartbeat(this.namespace, {
      instance,
      leaseMs: LEASE_MS,
      holding: holding.map(({ id, fence }) => ({ executionId: id, fence })),
      claimedUpTo,
    })
  }

  /** The settlement of a claimed execution; it succeeded unless said otherwise. */
  settlement(instance: string, claimed: ClaimedExecution, given: Partial<Settlement> = {}): Settlement {
    return {
      executionId: claimed.id,
      job: claimed.job,
      instance,
      fence: claimed.fence,
      attempt: claimed.attempt,
      outcome: 'succeeded',
      startedAt: claimed.startedAt ?? this.now(),
      finishedAt: this.now(),
      status: 'succeeded',
      reason: null,
      dueAt: null,
      spends: 'nothing',
      output: null,
      error: null,
      log: [],
      progress: null,
      history: this.#of(claimed.job).spec.history,
      abandonedAt: null,
      ...given,
    }
  }

  async settle(instance: string, claimed: ClaimedExecution, given: Partial<Settlement> = {}): Promise<SettleResult> {
    const [result] = await this.store.settle(this.namespace, [this.settlement(instance, claimed, given)])
    assert.ok(result)
    return result
  }

  /** Settles an attempt that failed and is tried again after `delayMs`. */
  async settleForRetry(instance: string, claimed: ClaimedExecution, delayMs = 1_000): Promise<SettleResult> {
    return await this.settle(instance, claimed, {
      outcome: 'failed',
      status: 'scheduled',
      dueAt: this.now() + delayMs,
      spends: 'retry',
      error: { name: 'Error', message: 'no luck' },
    })
  }

  async found(id: string): Promise<{ execution: Execution; attempts: readonly Attempt[] }> {
    const found = await this.store.execution(this.namespace, id)
    assert.ok(found, `execution ${id} exists`)
    return found
  }

  async execution(id: string): Promise<Execution> {
    return (await this.found(id)).execution
  }

  async isGone(id: string): Promise<boolean> {
    return (await this.store.execution(this.namespace, id)) === null
  }

  /** All spans of a job, without its name. */
  async spans(job = 'report'): Promise<Omit<Span, 'job'>[]> {
    const spans = await this.store.spans(this.namespace, job, 0, Number.MAX_SAFE_INTEGER, 1_000)
    return spans.map(({ revision, from, to, count, reason }) => ({ revision, from, to, count, reason }))
  }

  #of(job: string): { readonly spec: JobSpec; readonly revision: number } {
    const known = this.#specs.get(job)
    if (known === undefined) throw new assert.AssertionError({ message: `job ${job} is on the stage` })
    return known
  }
}

/** The ids of executions, in order. */
export function idsOf(executions: readonly { readonly id: string }[]): string[] {
  return executions.map(({ id }) => id)
}
