import { checkNames, InvalidOptionError, type NamesOf } from '@escapement/base'
import { isPausedNow } from '../policy/pause.ts'
import { createRedactor, type Redactor } from '../redact/redactor.ts'
import { jobStatsOf } from '../stats/job-stats-of.ts'
import type { JobStats, StatsQuery } from '../stats/job-stats.ts'
import type { Execution } from '../store/execution.ts'
import type { JobState, PauseWindow } from '../store/job-state.ts'
import type { ExecutionFilter, JobFilter, Page, PageRequest } from '../store/read-store.ts'
import { instantMs } from '../trigger/instant.ts'
import { nominalTicks } from '../ledger/nominal-ticks.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { checkCount } from '../context/check-count.ts'
import { checkedExecutionFilter, checkedPage, checkJobFilter } from './check-arguments.ts'
import type { JobView, QueueView } from './job-view.ts'
import type { ExecutionDetail } from './scheduler.ts'
import { checkText } from '../context/check-texts.ts'
import { callStore } from '../context/store-caller.ts'

const NEXT_TICKS = 3
const PATIENCE_MS = 10_000
const LARGEST_COUNT = 1_000_000
const STATS_QUERY: NamesOf<StatsQuery> = { job: true, from: true, to: true }

/** Reads for people and programs: bounded pages, inputs redacted for display (rule 30). */
export class Reader {
  readonly #context: EngineContext
  readonly #redactors = new Map<string, { readonly hash: string; readonly redactor: Redactor }>()

  constructor(context: EngineContext) {
    this.#context = context
  }

  async executions(filter: ExecutionFilter, page: Partial<PageRequest>): Promise<Page<Execution>> {
    const { store, namespace } = this.#context
    const [which, request] = [checkedExecutionFilter(filter), checkedPage(page)]
    const found = await this.#call(() => store.executions(namespace, which, request))
    return { ...found, items: await this.#forDisplay(found.items) }
  }

  async countExecutions(filter: ExecutionFilter, cap: number): Promise<number> {
    const { store, namespace } = this.#context
    const which = checkedExecutionFilter(filter)
    checkCount('cap', cap, LARGEST_COUNT)
    return await this.#call(() => store.countExecutions(namespace, which, cap))
  }

  async execution(id: string): Promise<ExecutionDetail | null> {
    checkText('execution id', id)
    const { store, namespace } = this.#context
    const found = await this.#call(() => store.execution(namespace, id))
    if (found === null) return null
    const [execution] = await this.#forDisplay([found.execution])
    return execution === undefined ? null : { execution, attempts: found.attempts }
  }

  async jobs(filter: JobFilter, page: Partial<PageRequest>): Promise<Page<JobView>> {
    const { store, namespace } = this.#context
    checkJobFilter(filter)
    const request = checkedPage(page)
    const now = await this.#call(() => store.now())
    const found = await this.#call(() => store.jobs(namespace, filter, request))
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
    checkNames('stats', query, STATS_QUERY)
    if (query.job !== undefined) checkText('job', query.job)
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
    const nextTicks = state.retiredAt === null ? await this.#nextTicks(state, now) : []
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

  /** By the schedules in force: one that was changed just now holds from the end of what had been planned. */
  async #nextTicks(state: JobState, now: number): Promise<readonly number[]> {
    const { store, namespace } = this.#context
    const { current, name } = state
    const isAhead = current.effectiveFrom > now
    const revisions = isAhead
      ? await this.#call(() => store.revisions(namespace, name, now, current.effectiveFrom + 1))
      : [current]
    const ticks: number[] = []
    for (const { scheduledFor } of nominalTicks(revisions, now + 1, Number.MAX_SAFE_INTEGER)) {
      if (ticks.push(scheduledFor) === NEXT_TICKS) break
    }
    return ticks
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
