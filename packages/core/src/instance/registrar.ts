import { planJobsUpToNow } from '../plan/plan-jobs.ts'
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
  /** Those that wait and those that may have been superseded, in the order in which they are looked at. */
  readonly #unsure = new Set<LocalJob>()
  /** The store's count when all were last looked at, or put in line for it. */
  #supersessions = 0

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
    this.#supersessions = await this.#countSupersessions() // before the look: what comes meanwhile is looked at again
    for (let first = 0; first < all.length; first += JOBS_A_CALL) {
      const chunk = all.slice(first, first + JOBS_A_CALL)
      await this.#settle(chunk, instance)
      await this.#announce(chunk, instance)
    }
  }

  /**
   * Looks again at the definitions that are not in force, because whoever brought another one may have gone, and at all
   * of them after any was superseded. A call looks at so many jobs, the next ones go on. Instances that come and go with
   * the definitions that are in force cost nothing.
   */
  async reconsider(instance: string): Promise<void> {
    const supersessions = await this.#countSupersessions()
    if (supersessions !== this.#supersessions) {
      this.#supersessions = supersessions
      for (const local of this.#context.jobs.values()) this.#unsure.add(local)
    }
    if (this.#unsure.size > 0) await this.#look([...this.#unsure].slice(0, JOBS_A_CALL), instance)
  }

  #countSupersessions(): Promise<number> {
    const { store, namespace } = this.#context
    return this.#call(() => store.supersessions(namespace))
  }

  /** What came into force just now is judged at a later look: its instance may not have announced its handlers yet. */
  async #look(looked: readonly LocalJob[], instance: string): Promise<void> {
    const { clock, store, namespace } = this.#context
    const names = looked.map((local) => local.spec.name)
    const found = await this.#call(() => store.statesForRegistration(namespace, names, instance))
    const supersededBefore = clock.now() - ANNOUNCING_MS
    const superseded: LocalJob[] = []
    for (const [index, local] of looked.entries()) {
      const state = found[index]?.state
      const isOther = state != null && state.retiredAt === null && state.current.hash !== local.hash
      this.#mark(local, isOther)
      if (isOther && state.current.effectiveFrom < supersededBefore) superseded.push(local)
    }
    if (superseded.length > 0) await this.#settle(superseded, instance)
  }

  /** Notes whether a local definition waits; those that do go behind the others, so that all have their turn. */
  #mark(local: LocalJob, isWaiting: boolean): void {
    this.#unsure.delete(local)
    if (isWaiting) this.#unsure.add(local)
    if (isWaiting) this.#waiting.add(local.spec.name)
    else this.#waiting.delete(local.spec.name)
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
    const { changes, again } = await this.#decideAll(chunk, found)
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
        this.#mark(local, false)
        const revision = change.expected === null ? 'created' : 'superseded'
        this.#context.events.emit('job:registered', { job: local.spec.name, revision })
      }
    }
    return again
  }

  /** Decides about each, and plans together those that have to be planned before. */
  async #decideAll(
    chunk: readonly LocalJob[],
    found: readonly JobStateForRegistration[],
  ): Promise<{ readonly changes: readonly RegistrarChange[]; readonly again: LocalJob[] }> {
    const changes: RegistrarChange[] = []
    const afterPlanning: { readonly local: LocalJob; readonly decide: (plannedUntil: number) => Decision }[] = []
    const add = (local: LocalJob, change: Decision): void => {
      if (change !== null) changes.push({ local, change })
    }
    for (const [index, local] of chunk.entries()) {
      const stored = found[index]
      if (stored === undefined) continue
      const decision = this.#decide(local, stored)
      if (typeof decision === 'function') afterPlanning.push({ local, decide: decision })
      else add(local, decision)
    }
    const names = afterPlanning.map(({ local }) => local.spec.name)
    const cursors = await planJobsUpToNow(this.#context, names, true)
    const again: LocalJob[] = []
    for (const { local, decide } of afterPlanning) {
      const plannedUntil = cursors.get(local.spec.name)
      if (plannedUntil === undefined) again.push(local)
      else add(local, decide(plannedUntil))
    }
    return { changes, again }
  }

  /** What changes, or what will when the job has been planned up to now. */
  #decide(local: LocalJob, stored: JobStateForRegistration): Decision | ((plannedUntil: number) => Decision) {
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
    this.#mark(local, hash !== state.current.hash)
    if (state.retiredAt !== null && verdict !== 'wait')
      return changeAt(job, state.current.revision, state.plannedUntil, now)
    if (verdict === 'wait' || (verdict === 'keep' && state.absentSince === null)) return null
    if (verdict === 'adopt') return changeAt(job, state.current.revision, state.plannedUntil, state.plannedUntil)
    if (verdict === 'keep') return () => null // its handlers come back: what they missed is judged before
    return (plannedUntil) => changeAt(job, state.current.revision, plannedUntil, now)
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    return callStore(this.#context.runtime, call, { forMs: PATIENCE_MS })
  }
}

/** Null: nothing changes. */
type Decision = DefinitionChange | null

interface RegistrarChange {
  readonly local: LocalJob
  readonly change: DefinitionChange
}

/** The change that puts `job` in force from the later of the cursor and `now` on. */
function changeAt(job: DefinitionChange['job'], revision: number, plannedUntil: number, now: number): DefinitionChange {
  const effectiveFrom = Math.max(plannedUntil, now)
  const nextTickAt = nextTick(job.spec.triggers, job.spec.name, effectiveFrom)
  return { job, expected: { revision, plannedUntil }, effectiveFrom, nextTickAt }
}
