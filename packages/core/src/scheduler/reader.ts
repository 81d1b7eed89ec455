import { InvalidOptionError } from '@escapement/base'
import { isPausedNow } from '../policy/pause.ts'
import { createRedactor, type Redactor } from '../redact/redactor.ts'
import { jobStatsOf } from '../stats/job-stats-of.ts'
import type { JobStats, StatsQuery } from '../stats/job-stats.ts'
import type { Execution } from '../store/execution.ts'
import type { JobState, PauseWindow } from '../store/job-state.ts'
import type { ExecutionFilter, JobFilter, Page, PageRequest } from '../store/read-store.ts'
import { instantMs } from '../trigger/instant.ts'
import { nextTick } from '../trigger/next-tick.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { JobView, QueueView } from './job-view.ts'
import type { ExecutionDetail } from './scheduler.ts'
import { callStore } from '../context/store-caller.ts'

const DEFAULT_PAGE = 50
const LARGEST_PAGE = 500
const NEXT_TICKS = 3
const PATIENCE_MS = 10_000

/** Reads for people and programs: bounded pages, inputs redacted for display (rule 30). */
export class Reader {
  readonly #context: EngineContext
  readonly #redactors = new Map<string, { readonly hash: string; readonly redactor: Redactor }>()

  constructor(context: EngineContext) {
    this.#context = context
  }

  async executions(filter: ExecutionFilter, page: Partial<PageRequest>): Promise<Page<Execution>> {
    const { store, namespace } = this.#context
    const found = await this.#call(() => store.executions(namespace, filter, checkedPage(page)))
    return { ...found, items: await this.#forDisplay(found.items) }
  }

  async execution(id: string): Promise<ExecutionDetail | null> {
    const { store, namespace } = this.#context
    const found = await this.#call(() => store.execution(namespace, id))
    if (found === null) return null
    const [execution] = await this.#forDisplay([found.execution])
    return execution === undefined ? null : { execution, attempts: found.attempts }
  }

  async jobs(filter: JobFilter, page: Partial<PageRequest>): Promise<Page<JobView>> {
    const { store, namespace } = this.#context
    const now = await this.#call(() => store.now())
    const found = await this.#call(() => store.jobs(namespace, filter, checkedPage(page)))
    const items = await Promise.all(found.items.map((state) => this.#jobView(state, now)))
    return { items, next: found.next }
  }

  async queues(concurrencyOf: (queue: string) => number | null): Promise<readonly QueueView[]> {
    const { store, namespace } = this.#context
    const now = await this.#call(() => store.now())
    const backlog = new Map((await this.#call(() => store.backlog(namespace))).map((each) => [each.queue, each]))
    const states = await this.#call(() => store.queueStates(namespace))
    return states.map(({ name, clusterLimit, pauses }) => {
      const { due = 0, running = 0, oldestDueMs = 0 } = backlog.get(name) ?? {}
      const concurrency = concurrencyOf(name)
      return { name, concurrency, clusterLimit, pause: openPause(pauses, now), due, running, oldestDueMs }
    })
  }

  async stats(query: StatsQuery): Promise<JobStats> {
    const { store, namespace } = this.#context
    const from = instantMs(query.from, 'from')
    const to = instantMs(query.to, 'to')
    if (from > to) throw new InvalidOptionError('stats: from is later than to')
    return jobStatsOf(await this.#call(() => store.stats(namespace, { job: query.job ?? null, from, to })))
  }

  async #jobView(state: JobState, now: number): Promise<JobView> {
    const { store, namespace, jobs } = this.#context
    const { current, name } = state
    const last = await this.#call(() => store.executions(namespace, { jobs: [name], to: now + 1 }, { limit: 1 }))
    const [lastExecution = null] = await this.#forDisplay(last.items)
    const nextTicks: number[] = []
    for (let after = now; state.retiredAt === null && nextTicks.length < NEXT_TICKS; ) {
      const tick = nextTick(current.spec.triggers, name, after)
      if (tick === null) break
      nextTicks.push(tick)
      after = tick
    }
    return {
      name,
      spec: current.spec,
      revision: current.revision,
      version: current.version,
      hash: current.hash,
      pause: openPause(state.pauses, now),
      nextTicks,
      lastExecution,
      retiredAt: state.retiredAt,
      isLocal: jobs.has(name),
    }
  }

  /** Inputs are stored whole, since handlers need them; they are redacted here. */
  async #forDisplay(executions: readonly Execution[]): Promise<readonly Execution[]> {
    const redactors = new Map<string, Redactor>()
    const foreign = new Set<string>()
    for (const { job } of executions) {
      const local = this.#context.jobs.get(job)
      if (local === undefined) foreign.add(job)
      else redactors.set(job, local.redactor)
    }
    const { store, namespace } = this.#context
    if (foreign.size > 0) {
      const states = await this.#call(() => store.jobStates(namespace, [...foreign]))
      for (const state of states) redactors.set(state.name, this.#storedRedactor(state))
    }
    return executions.map((execution) => {
      if (execution.input === null) return execution
      const redactor = redactors.get(execution.job)
      return { ...execution, input: redactor === undefined ? null : redactor.json(execution.input) }
    })
  }

  #storedRedactor(state: JobState): Redactor {
    const cached = this.#redactors.get(state.name)
    if (cached?.hash === state.current.hash) return cached.redactor
    const redactor = createRedactor([...state.current.spec.redact, ...this.#context.options.redact])
    this.#redactors.set(state.name, { hash: state.current.hash, redactor })
    return redactor
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    return callStore(this.#context.runtime, call, { forMs: PATIENCE_MS })
  }
}

function openPause(pauses: readonly PauseWindow[], now: number): PauseWindow | null {
  return pauses.find((pause) => isPausedNow([pause], now)) ?? null
}

function checkedPage(page: Partial<PageRequest>): PageRequest {
  const limit = page.limit ?? DEFAULT_PAGE
  if (Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE) return { ...page, limit }
  throw new InvalidOptionError(`limit is ${String(limit)}; a page holds 1 to ${LARGEST_PAGE}`)
}
