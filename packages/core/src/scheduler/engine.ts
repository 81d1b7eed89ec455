import { Dispatcher } from '../claim/dispatcher.ts'
import { Planner } from '../plan/planner.ts'
import { PlannerTurn } from '../plan/planner-turn.ts'
import { Executor } from '../claim/executor.ts'
import { Upkeep } from '../upkeep/upkeep.ts'
import type { BulkActs } from '../upkeep/bulk-runner.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'
import { Wakeup } from '../context/wakeup.ts'
import { UnsupportedError } from '../error/unsupported-error.ts'
import { Membership } from '../instance/membership.ts'
import type { Registrar } from '../instance/registrar.ts'
import type { QueueRegistration } from '../store/definition-store.ts'
import type { Hint } from '../store/job-store.ts'

/** Handlers that heard their abort have this long to end before `stop` leaves them behind. Milliseconds. */
const AFTER_ABORT_MS = 1_000
const DRAIN_POLL_MS = 50
/** For how long `start` goes on while the store is busy or away. Milliseconds. */
const PATIENCE_MS = 10_000

/** What a scheduler is doing. */
export type EngineState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped'

/** The moving parts of one scheduler and how they hang together: start, drain, stop. */
export class Engine {
  readonly membership: Membership
  readonly executor: Executor
  readonly dispatcher: Dispatcher
  readonly planner: Planner
  readonly upkeep: Upkeep
  readonly #context: EngineContext
  readonly #registrar: Registrar
  #state: EngineState = 'idle'
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #hints: Disposable | undefined
  /** The last look at queues and definitions; it must be over before the host closes the store. */
  #looking: Promise<void> | undefined

  constructor(context: EngineContext, registrar: Registrar, acts: BulkActs) {
    this.#context = context
    this.#registrar = registrar
    this.membership = new Membership(context, {
      holding: () => ({ holding: this.executor.holding(), claimedUpTo: this.dispatcher.claimedUpTo }),
      renewed: () => this.#renewed(),
      leaseEnded: () => this.executor.lose(),
      lost: (holdings) => this.executor.lose(holdings),
      cancelRequested: (executionId, by) => this.executor.cancel(executionId, by),
      reborn: (previous) => this.#reborn(previous),
    })
    this.executor = new Executor(context, this.membership.lease, () => this.dispatcher.roomMade())
    this.dispatcher = new Dispatcher(context, this.membership, this.executor, {
      lateTicks: (jobs) => this.planner.wake(jobs),
    })
    this.planner = new Planner(context, new PlannerTurn(context))
    this.upkeep = new Upkeep(context, acts)
  }

  get state(): EngineState {
    return this.#state
  }

  /** @throws what the store throws; the scheduler can be started again then. */
  start(): Promise<void> {
    if (this.#state === 'stopping' || this.#state === 'stopped') {
      return Promise.reject(new UnsupportedError('this scheduler was stopped; make a new one to start again'))
    }
    const { runtime } = this.#context
    this.#starting ??= callStore(runtime, () => this.#start(), { forMs: PATIENCE_MS }).catch(async (error: unknown) => {
      await this.membership
        .rest()
        .catch((cause: unknown) => this.#context.report(cause, 'withdraw after a failed start'))
      this.#starting = undefined
      this.#state = 'idle'
      throw error
    })
    return this.#starting
  }

  /** Takes no new work, lets handlers end, gives back the rest. Every caller waits for the same stop. */
  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs)
    return this.#stopping
  }

  /** Resolves once nothing that this instance could take is due, running or unconfirmed. False: time was over first. */
  async drain(timeoutMs: number): Promise<boolean> {
    const { runtime } = this.#context
    const startedAt = runtime.monotonic()
    for (;;) {
      if (this.#state !== 'running') {
        throw new UnsupportedError(
          `this scheduler is ${this.#state}; only one that was started and runs can be drained`,
        )
      }
      const result = await this.dispatcher.pass()
      const isIdle = this.executor.held === 0 && this.executor.settler.size === 0
      if (isIdle && result !== null && result.executions.length === 0 && result.lateJobs.length === 0) return true
      const leftMs = timeoutMs - (runtime.monotonic() - startedAt)
      if (leftMs <= 0) return false
      const pauseMs = Math.min(leftMs, DRAIN_POLL_MS)
      if (isIdle) await new Wakeup(this.#context.timers).wait(pauseMs)
      else await this.#within(this.executor.idle(), pauseMs)
    }
  }

  async #start(): Promise<void> {
    const { options, store, namespace } = this.#context
    this.#state = 'starting'
    await store.open()
    await this.#serveQueues()
    await this.membership.join()
    await this.#registrar.register(this.membership.id)
    if (options.roles.has('plan')) {
      await this.planner.pass()
      this.planner.start()
    }
    if (options.roles.has('run')) {
      this.#hints = store.subscribe(namespace, (hint) => this.#hinted(hint))
      this.dispatcher.start()
    }
    if (options.roles.has('upkeep')) this.upkeep.start()
    this.#state = 'running'
  }

  /** Serves every queue that the store knows: a job may have moved from one to another while rows waited in it. */
  async #serveQueues(): Promise<void> {
    const { options, jobs, store, namespace } = this.#context
    const named = new Set([...options.queues.keys(), ...[...jobs.values()].map((local) => local.spec.queue)])
    const queues = [...named].map((name): QueueRegistration => {
      const queue = options.queues.get(name)
      return { name, clusterLimit: queue === undefined ? 'keep' : queue.limit }
    })
    await store.registerQueues(namespace, queues)
    await this.#serveStoredQueues()
  }

  async #serveStoredQueues(): Promise<void> {
    const { options, store, namespace } = this.#context
    for (const { name, clusterLimit } of await store.queueStates(namespace)) {
      const { concurrency } = options.queues.get(name) ?? options
      this.executor.serve(name, concurrency, clusterLimit === null)
    }
  }

  #hinted(hint: Hint): void {
    if (hint === 'work') this.dispatcher.wake()
    else this.membership.beat().catch((error: unknown) => this.#context.report(error, 'heartbeat'))
  }

  #renewed(): void {
    this.executor.leaseRenewed()
    const { shared } = this.#context.store.capabilities
    if (shared) this.dispatcher.wake()
    this.#looking = this.#serveStoredQueues()
      .then(() => this.#registrar.reconsider(this.membership.id))
      .catch((error: unknown) => this.#context.report(error, 'look at queues and definitions again'))
  }

  async #reborn(previous: string): Promise<void> {
    this.#context.events.emit('instance:lost', { instance: previous })
    await this.#registrar.register(this.membership.id)
    this.planner.wake()
    this.dispatcher.wake()
  }

  async #stop(graceMs: number): Promise<void> {
    const wasIdle = this.#state === 'idle'
    await this.#starting?.catch(() => undefined)
    this.#state = 'stopping'
    if (wasIdle) {
      this.#state = 'stopped'
      return
    }
    this.#hints?.[Symbol.dispose]()
    await Promise.all([this.planner.stop(), this.dispatcher.stop(), this.upkeep.stop(), this.#looking])
    if (!(await this.#within(this.executor.idle(), graceMs))) {
      this.executor.abortAll()
      await this.#within(this.executor.idle(), AFTER_ABORT_MS)
      await this.executor.terminateAll()
    }
    const leave = (): Promise<void> =>
      this.membership.leave().catch((error: unknown) => this.#context.report(error, 'leave'))
    // A handler that goes on keeps its lease until it ends or its process does (rule 18).
    if (await this.#within(this.executor.idle(), AFTER_ABORT_MS)) await leave()
    else {
      this.#context.timers.letProcessExit()
      void this.executor.idle().then(leave)
    }
    this.#state = 'stopped'
  }

  /** Whether `promise` resolved within `ms` milliseconds. */
  async #within(promise: Promise<void>, ms: number): Promise<boolean> {
    return await new Promise<boolean>((resolve) => {
      const timer = this.#context.timers.after(ms, () => resolve(false))
      void promise.then(() => {
        timer.cancel()
        resolve(true)
      })
    })
  }
}
