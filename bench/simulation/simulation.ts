import type { Logger } from '@escapement/base'
import { type AnyJob, createScheduler, cron, defineJob, type JobStore, memoryStore } from '@escapement/core'
import { type VirtualMachine, virtualMachine, type VirtualRuntime, virtualRuntime } from '@escapement/testkit'
import { lossyStore } from './lossy-store.ts'
import { notingStore } from './noting-store.ts'
import { simulatedJobs } from './simulated-job.ts'
import { storeDifferences } from './store-differences.ts'
import { TickBook } from './tick-book.ts'

/** What is simulated. */
export interface SimulationCase {
  readonly days: number
  readonly daily: number
  readonly hourly: number
  readonly seed: number
  /** Each run of a handler kills its instance, and each call of the store is lost, with this probability. */
  readonly faults: number
  readonly retentionDays: number
}

/** What became of it. */
export interface SimulationResult {
  readonly ticks: number
  readonly runs: number
  readonly folded: number
  readonly crashes: number
  /** Rows that the store holds at the end. */
  readonly kept: number
  readonly wallMs: number
  /** The greatest resident size that was seen. */
  readonly peakBytes: number
  /** What is not as a brute-force count says; none: all is well. */
  readonly differences: readonly string[]
}

const START = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** How long a crashed instance is away at most. */
const LONGEST_ABSENCE_MS = 2 * HOUR_MS
/** Nothing crashes in the last hours, so that all that is under way can end. */
const QUIET_MS = 12 * HOUR_MS

/** Runs the real scheduler for so many virtual days and compares every tick with a brute-force count. */
export async function simulate(given: SimulationCase): Promise<SimulationResult> {
  const startedAt = performance.now()
  const runtime = virtualRuntime({ startAt: START, seed: given.seed, yieldEvery: 64 })
  const end = START + given.days * DAY_MS
  const specs = simulatedJobs(given.daily, given.hourly)
  const book = new TickBook(specs, START, end)
  const store = notingStore(memoryStore({ runtime }), book)
  const cluster = new CrashingCluster(runtime, store, given, end - QUIET_MS)
  const jobs = specs.map(({ name, cron: pattern }) =>
    defineJob({
      name,
      trigger: cron(pattern),
      run: async ({ scheduledFor, executionId }) => {
        book.saw(name, scheduledFor)
        await cluster.perhapsCrash(executionId)
      },
    }),
  )
  const instances = given.faults > 0 ? 2 : 1
  await runtime.runUntil(Promise.all(Array.from({ length: instances }, () => cluster.start(jobs))))
  let peakBytes = 0
  for (let day = 1; day <= given.days; day++) {
    await runtime.advanceTo(START + day * DAY_MS)
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  }
  await runtime.advance('1s') // what is due at the last instant, the retention among it
  const wallMs = performance.now() - startedAt
  const held = await storeDifferences(store, {
    jobs: specs,
    from: Math.max(START, end - given.retentionDays * DAY_MS),
    to: end,
    instances,
  })
  return {
    ticks: book.expected,
    runs: book.runs,
    folded: book.folded,
    crashes: cluster.crashes,
    kept: held.rows,
    wallMs,
    peakBytes,
    differences: [...book.differences(), ...held.differences],
  }
}

const nothing = (): void => undefined
/** Lost calls are reported, thousands of them. */
const silence: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Instances that crash now and then, each followed by another one. */
class CrashingCluster {
  crashes = 0
  readonly #runtime: VirtualRuntime
  readonly #store: JobStore
  readonly #given: SimulationCase
  readonly #quietFrom: number
  /** The machines on which executions were started, as far as they may crash. */
  readonly #hosts = new Map<string, VirtualMachine>()
  readonly #dead = new WeakSet<VirtualMachine>()
  #jobs: readonly AnyJob[] = []

  constructor(runtime: VirtualRuntime, store: JobStore, given: SimulationCase, quietFrom: number) {
    this.#runtime = runtime
    this.#store = store
    this.#given = given
    this.#quietFrom = quietFrom
  }

  async start(jobs: readonly AnyJob[]): Promise<void> {
    this.#jobs = jobs
    const { faults, retentionDays } = this.#given
    const lossy = lossyStore(this.#store, faults, () => this.#runtime.random())
    const machine = virtualMachine(this.#runtime, lossy)
    const scheduler = createScheduler({
      jobs,
      ...(faults > 0
        ? { store: machine.store, runtime: machine.runtime }
        : { store: this.#store, runtime: this.#runtime }),
      lease: faults > 0 ? '2h' : '6h',
      horizon: '6h',
      retention: `${retentionDays}d`,
      logger: silence,
    })
    if (faults > 0) {
      scheduler.on('execution:started', ({ executionId, job }) => {
        if (!job.startsWith('escapement.')) this.#hosts.set(executionId, machine)
      })
    }
    await scheduler.start()
  }

  async perhapsCrash(executionId: string): Promise<void> {
    const host = this.#hosts.get(executionId)
    this.#hosts.delete(executionId)
    const runtime = this.#runtime
    if (host === undefined) return
    if (!this.#dead.has(host)) {
      if (runtime.random() >= this.#given.faults || runtime.now() > this.#quietFrom) return
      this.crashes++
      this.#dead.add(host)
      host.kill()
      void runtime.sleep(runtime.random() * LONGEST_ABSENCE_MS).then(() => this.start(this.#jobs))
    }
    await new Promise(() => undefined) // its process is gone
  }
}
