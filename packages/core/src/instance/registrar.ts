import { planJobUpToNow } from '../plan/planner.ts'
import { judgeDefinition } from '../policy/supersede.ts'
import type { DefinitionChange, JobStateForRegistration } from '../store/definition-store.ts'
import { nextTick } from '../trigger/next-tick.ts'
import type { EngineContext, LocalJob } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'

const JOBS_A_CALL = 500
/** Two instances that register at once get in each other's way at most a few times. */
const MOST_ROUNDS = 50
/** Within this time an instance that has put a definition in force has announced its handlers. Milliseconds. */
const ANNOUNCING_MS = 5_000
/** For how long a call goes on while the store is away. Milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Tells the store which jobs this process has. Between two definitions of one job rule 6 decides; the schedule that goes
 * is planned up to the moment at which the new one takes effect, so that no tick is judged by a schedule that was not in
 * force, and none is lost.
 */
export class Registrar {
  readonly #context: EngineContext
  /** Local definitions that are not in force. */
  readonly #waiting = new Set<string>()
  /** The live instances when they were last looked at. */
  #liveInstances = ''
  /** Where the look at the local definitions goes on; null: there is no reason for one. */
  #lookAt: number | null = null
  #mustLookAgain = false

  constructor(context: EngineContext) {
    this.#context = context
  }

  /** Jobs whose stored definition is another instance's. */
  get waiting(): ReadonlySet<string> {
    return this.#waiting
  }

  /** Registers every job of this process and announces its handlers under `instance`. */
  async register(instance: string): Promise<void> {
    const all = [...this.#context.jobs.values()]
    for (let first = 0; first < all.length; first += JOBS_A_CALL) {
      const chunk = all.slice(first, first + JOBS_A_CALL)
      await this.#settle(chunk, instance)
      await this.#announce(chunk, instance)
    }
  }

  /**
   * Looks again for definitions that are not in force, whenever instances have come or gone: a newcomer may have brought
   * another one, and the one that brought it may have gone. A call looks at so many jobs, the next ones go on. What came
   * into force just now is looked at again later: its instance may not have announced its handlers yet.
   */
  async reconsider(instance: string): Promise<void> {
    await this.#noticeInstances()
    if (this.#lookAt === null) return
    const all = [...this.#context.jobs.values()]
    const looked = all.slice(this.#lookAt, this.#lookAt + JOBS_A_CALL)
    this.#lookAt += JOBS_A_CALL
    await this.#look(looked, instance)
    if (this.#lookAt < all.length) return
    this.#lookAt = this.#mustLookAgain ? 0 : null
    this.#mustLookAgain = false
  }

  async #noticeInstances(): Promise<void> {
    const { store, namespace } = this.#context
    const instances = await this.#call(() => store.instances(namespace))
    const live = instances
      .flatMap(({ id, isAlive }) => (isAlive ? [id] : []))
      .toSorted()
      .join()
    if (live === this.#liveInstances) return
    this.#liveInstances = live
    if (this.#lookAt === null) this.#lookAt = 0
    else this.#mustLookAgain = true
  }

  async #look(looked: readonly LocalJob[], instance: string): Promise<void> {
    const { clock, store, namespace } = this.#context
    const names = looked.map((local) => local.spec.name)
    const found = await this.#call(() => store.statesForRegistration(namespace, names, instance))
    const supersededBefore = clock.now() - ANNOUNCING_MS
    const superseded = looked.filter((local, index) => {
      const state = found[index]?.state
      const isOther = state != null && state.retiredAt === null && state.current.hash !== local.hash
      if (!isOther) this.#waiting.delete(local.spec.name)
      if (!isOther) return false
      if (state.current.effectiveFrom >= supersededBefore) this.#mustLookAgain = true
      return state.current.effectiveFrom < supersededBefore
    })
    if (superseded.length > 0) await this.#settle(superseded, instance)
  }

  /** Makes sure that a job exists, without claiming that anyone can run it: for processes that only enqueue. */
  async define(local: LocalJob): Promise<void> {
    const { store, namespace } = this.#context
    const [found] = await this.#call(() => store.statesForRegistration(namespace, [local.spec.name], null))
    if (found?.state == null) await this.#settle([local], null)
  }

  async #announce(chunk: readonly LocalJob[], instance: string): Promise<void> {
    const { store, namespace } = this.#context
    const handlers = chunk.filter((local) => local.isAccepted).map(({ spec, hash }) => ({ job: spec.name, hash }))
    if (handlers.length > 0) await this.#call(() => store.announceHandlers(namespace, instance, handlers))
  }

  async #settle(chunk: readonly LocalJob[], instance: string | null): Promise<void> {
    let open = chunk
    for (let round = 0; open.length > 0; round++) {
      if (round === MOST_ROUNDS) throw new Error(`registering ${open.length} jobs did not settle after ${round} rounds`)
      open = await this.#round(open, instance)
    }
  }

  /** One look and one attempt to change; answers the jobs that moved meanwhile. */
  async #round(chunk: readonly LocalJob[], instance: string | null): Promise<readonly LocalJob[]> {
    const { clock, runtime, store, namespace } = this.#context
    const names = chunk.map((local) => local.spec.name)
    const sentAt = runtime.monotonic()
    clock.observe(await this.#call(() => store.now()), sentAt)
    const found = await this.#call(() => store.statesForRegistration(namespace, names, instance))
    const again: LocalJob[] = []
    const changes: { readonly local: LocalJob; readonly change: DefinitionChange }[] = []
    for (const [index, local] of chunk.entries()) {
      const stored = found[index]
      if (stored === undefined) continue
      const change = await this.#decide(local, stored)
      if (change === 'again') again.push(local)
      else if (change !== null) changes.push({ local, change })
    }
    if (changes.length === 0) return again
    const results = await this.#call(() =>
      store.changeDefinitions(
        namespace,
        changes.map(({ change }) => change),
      ),
    )
    for (const [index, { local, change }] of changes.entries()) {
      if (results[index] === 'conflict') again.push(local)
      else {
        const revision = change.expected === null ? 'created' : 'superseded'
        this.#context.events.emit('job:registered', { job: local.spec.name, revision })
      }
    }
    return again
  }

  async #decide(local: LocalJob, stored: JobStateForRegistration): Promise<DefinitionChange | 'again' | null> {
    const { clock, options } = this.#context
    const { state } = stored
    const { spec, hash } = local
    const now = clock.now()
    const job = { spec, hash, version: options.version, hasHandler: local.isAccepted }
    if (state === null) {
      return { job, expected: null, effectiveFrom: now, nextTickAt: nextTick(spec.triggers, spec.name, now) }
    }
    const verdict = judgeDefinition({
      own: { hash, version: options.version },
      current: { hash: state.current.hash, version: state.current.version },
      knownHashes: stored.knownHashes,
      liveHashes: stored.liveHashes,
    })
    if (verdict === 'wait') this.#waiting.add(spec.name)
    else this.#waiting.delete(spec.name)
    if (state.retiredAt !== null && verdict !== 'wait')
      return changeAt(job, state.current.revision, state.plannedUntil, now)
    if (verdict === 'wait' || (verdict === 'keep' && state.absentSince === null)) return null
    if (verdict === 'adopt') return changeAt(job, state.current.revision, state.plannedUntil, state.plannedUntil)
    const planned = await planJobUpToNow(this.#context, spec.name, true)
    if (planned === null) return 'again'
    if (verdict === 'keep') return null
    return changeAt(job, state.current.revision, planned, now)
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    return callStore(this.#context.runtime, call, { forMs: PATIENCE_MS })
  }
}

/** The change that puts `job` in force from the later of the cursor and `now` on. */
function changeAt(job: DefinitionChange['job'], revision: number, plannedUntil: number, now: number): DefinitionChange {
  const effectiveFrom = Math.max(plannedUntil, now)
  const nextTickAt = nextTick(job.spec.triggers, job.spec.name, effectiveFrom)
  return { job, expected: { revision, plannedUntil }, effectiveFrom, nextTickAt }
}
