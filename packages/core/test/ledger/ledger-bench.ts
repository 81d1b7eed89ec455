import { systemRuntime } from '@escapement/base'
import { defineJob, type JobOptions } from '../../src/job/define-job.ts'
import { jobSpecOf, specHash } from '../../src/job/job-spec-of.ts'
import { readTicks, type TicksRequest } from '../../src/ledger/ticks.ts'
import type { TickVerdict } from '../../src/ledger/tick-verdict.ts'
import { memoryStore } from '../../src/memory-store/memory-store.ts'
import { planRange } from '../../src/plan/plan-range.ts'
import { pause, resume } from '../../src/policy/pause.ts'
import type { AttemptOutcome } from '../../src/store/execution.ts'
import type { JobState } from '../../src/store/job-state.ts'
import type { JobStore } from '../../src/store/job-store.ts'
import { nextTick } from '../../src/trigger/next-tick.ts'
import { every } from '../../src/trigger/trigger.ts'

export const NAMESPACE = 'default'
export const JOB = 'reports.build'
export const MINUTE = 60_000
/** 2026-01-01 00:00:00 UTC. */
export const START: number = Date.UTC(2026, 0, 1)

type Options = Partial<Omit<JobOptions<undefined, void>, 'name' | 'run'>>

/** A store and one job on it, driven by hand through the ports: every step happens exactly when a test says so. */
export class LedgerBench {
  now: number = START
  readonly store: JobStore = memoryStore({ runtime: { ...systemRuntime, now: () => this.now } })
  #instance = ''
  #instances = 0
  #token = 0
  #ids = 0

  /** Starts an instance with the job, due each minute unless told otherwise. */
  async register(options: Options = {}): Promise<void> {
    this.#instance = `i-${++this.#instances}`
    const { store } = this
    const job = defineJob({ trigger: every('1m'), overlap: 'allow', ...options, name: JOB, run: () => undefined })
    const spec = jobSpecOf(job, { timezone: 'UTC' })
    const hash = specHash(spec)
    await store.registerInstance(NAMESPACE, { id: this.#instance, name: 'x', version: null, leaseMs: 1e12 })
    const before = (await store.jobStates(NAMESPACE, [JOB]))[0]
    if (before?.retiredAt === null) await this.#planAsReturned(before)
    const state = (await store.jobStates(NAMESPACE, [JOB]))[0]
    const effectiveFrom = Math.max(this.now, state?.plannedUntil ?? 0)
    if (state?.current.hash !== hash || state.retiredAt !== null) {
      const expected =
        state === undefined ? null : { revision: state.current.revision, plannedUntil: state.plannedUntil }
      const nextTickAt = nextTick(spec.triggers, JOB, effectiveFrom)
      const registered = { spec, hash, version: null, hasHandler: true }
      const results = await store.changeDefinitions(NAMESPACE, [
        { job: registered, expected, effectiveFrom, nextTickAt },
      ])
      if (results[0] !== 'applied') throw new Error('the definition was not applied')
    }
    await store.announceHandlers(NAMESPACE, this.#instance, [{ job: JOB, hash }])
  }

  /** The only instance goes; the job is noticed to be absent. */
  async leave(): Promise<void> {
    await this.store.removeInstance(NAMESPACE, this.#instance)
    await this.store.recover(NAMESPACE, 1_000)
    await this.store.markAbsent(NAMESPACE, [JOB])
  }

  /** Plans the job up to `until`, late ticks judged. */
  async plan(until: number): Promise<void> {
    for (let isComplete = false; !isComplete; ) {
      const due = await this.store.dueJobs(NAMESPACE, { until, limit: 1, late: [JOB], maxLateTicks: 1_000 })
      const [job] = due.jobs
      if (job === undefined) return
      const planned = planRange({
        ...job,
        maxLateTicks: 1_000,
        now: due.now,
        until,
        runtimeId: () => `e-${++this.#ids}`,
        maxTicks: 1_000,
      })
      const [result] = await this.store.plan(NAMESPACE, [planned.entry])
      if (result !== 'planned') throw new Error('nobody else plans here')
      isComplete = planned.isComplete
    }
  }

  /** As the registrar does before it changes a definition: an absent job's missed ticks get their verdicts. */
  async #planAsReturned(before: JobState): Promise<void> {
    const { entry } = planRange({
      state: before,
      queuePauses: [],
      lateTicks: [],
      hasLiveHandler: true,
      now: this.now,
      until: Math.max(this.now, before.plannedUntil),
      runtimeId: () => `e-${++this.#ids}`,
      maxTicks: 1_000,
    })
    await this.store.plan(NAMESPACE, [entry])
  }

  /** Claims all that is due, and settles it unless it is to stay running. */
  async run(outcome: Extract<AttemptOutcome, 'succeeded' | 'failed'> | 'running' = 'succeeded'): Promise<void> {
    for (let hasMore = true; hasMore; ) {
      const claimed = await this.store.claim(NAMESPACE, {
        instance: this.#instance,
        token: ++this.#token,
        isRepeat: false,
        aheadMs: 0,
        queues: [{ queue: 'default', slots: 1_000, prefetch: 0 }],
        handlers: new Set([JOB]),
      })
      hasMore = claimed.executions.length > 0
      if (outcome === 'running') return
      const { history } = (await this.state()).current.spec
      await this.store.settle(
        NAMESPACE,
        claimed.executions.map((execution) => ({
          executionId: execution.id,
          job: JOB,
          instance: this.#instance,
          fence: execution.fence,
          attempt: execution.attempt,
          outcome,
          startedAt: execution.startedAt ?? this.now,
          finishedAt: this.now,
          status: outcome,
          reason: outcome === 'failed' ? ('exhausted' as const) : null,
          dueAt: null,
          spends: 'nothing' as const,
          output: null,
          error: outcome === 'failed' ? { name: 'TypeError', message: 'no upstream' } : null,
          log: [],
          progress: null,
          history,
          abandonedAt: null,
        })),
      )
    }
  }

  async pause(until: number | null = null): Promise<void> {
    const { pauses } = await this.state()
    const changed = pause(pauses, { now: this.now, until, by: 'user:ada', note: 'release' })
    await this.store.setPauses(NAMESPACE, { kind: 'job', name: JOB }, pauses, changed)
  }

  async resume(): Promise<void> {
    const { pauses } = await this.state()
    await this.store.setPauses(NAMESPACE, { kind: 'job', name: JOB }, pauses, resume(pauses, this.now))
  }

  async state(): Promise<JobState> {
    const [state] = await this.store.jobStates(NAMESPACE, [JOB])
    if (state === undefined) throw new Error('the job is not registered')
    return state
  }

  async ticks(from: number, to: number, more: Partial<TicksRequest> = {}): Promise<readonly TickVerdict[]> {
    return await readTicks({
      store: this.store,
      namespace: NAMESPACE,
      state: await this.state(),
      from,
      to,
      limit: 1_000,
      now: this.now,
      retentionMs: 30 * 1_440 * MINUTE,
      ...more,
    })
  }

  /** The verdicts by minute after the start: `{ 1: 'succeeded', … }`. */
  async verdicts(fromMinute: number, toMinute: number, more: Partial<TicksRequest> = {}): Promise<object> {
    const ticks = await this.ticks(START + fromMinute * MINUTE, START + toMinute * MINUTE, more)
    return Object.fromEntries(ticks.map(({ scheduledFor, verdict }) => [(scheduledFor - START) / MINUTE, verdict]))
  }

  at(minute: number): number {
    this.now = START + minute * MINUTE
    return this.now
  }
}
