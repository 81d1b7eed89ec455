import { JobLease } from './job-lease.ts'
import type { LockServer } from './lock-server.ts'

/** A job that runs elsewhere is asked for again after this long. Milliseconds. */
const AGAIN_MS = 250

/**
 * The leases of this instance on jobs whose executions exclude each other: one while an execution is open here, retry
 * waits included (rule 12), taken anew for each attempt so that each has a greater fence.
 */
export class JobLeases {
  readonly #server: LockServer
  readonly #ttlMs: number
  readonly #held = new Map<string, JobLease>()
  readonly #givingBack = new Map<string, Promise<void>>()
  /** Jobs that run elsewhere, and until when they are not asked for. Unix milliseconds. */
  readonly #busy = new Map<string, number>()

  constructor(server: LockServer, ttlMs: number) {
    this.#server = server
    this.#ttlMs = ttlMs
  }

  /** The executions that hold a lease. */
  executions(): readonly string[] {
    return [...this.#held.values()].map(({ executionId }) => executionId)
  }

  /**
   * Takes the job for one attempt.
   *
   * @returns The lease; null while another instance has the job.
   * @throws {@link LockUnavailableError} when nobody knows.
   */
  async take(namespace: string, job: string, executionId: string): Promise<JobLease | null> {
    const key = `${namespace}/job/${job}`
    await this.#giveBack(key) // what this instance still has of the job is of an attempt that has ended
    const lease = await this.#server.tryAcquire(key, this.#ttlMs)
    if (lease === null) return null
    const taken = new JobLease(executionId, lease)
    this.#held.set(key, taken)
    return taken
  }

  /** Lets others have the job of an execution that has ended or was not started. */
  giveBack(executionId: string): void {
    for (const [key, lease] of this.#held) if (lease.executionId === executionId) void this.#giveBack(key)
  }

  /** Resolves when nothing is held any more. */
  async giveBackAll(): Promise<void> {
    for (const key of this.#held.keys()) void this.#giveBack(key)
    await Promise.all(this.#givingBack.values())
  }

  /** The job runs elsewhere, and something of it waits here. */
  waitFor(job: string, now: number): void {
    this.#busy.set(job, now + AGAIN_MS)
  }

  /** The jobs of these that are worth asking for now. */
  worthAsking(jobs: ReadonlySet<string>, now: number): ReadonlySet<string> {
    for (const [job, until] of this.#busy) if (until <= now) this.#busy.delete(job)
    return this.#busy.size === 0 ? jobs : new Set([...jobs].filter((job) => !this.#busy.has(job)))
  }

  /** When the next job is worth asking for again, Unix milliseconds; null: all are. */
  nextLookAt(): number | null {
    return this.#busy.size === 0 ? null : Math.min(...this.#busy.values())
  }

  #giveBack(key: string): Promise<void> {
    const lease = this.#held.get(key)
    if (lease === undefined) return this.#givingBack.get(key) ?? Promise.resolve()
    this.#held.delete(key)
    const done = lease.giveBack().finally(() => {
      if (this.#givingBack.get(key) === done) this.#givingBack.delete(key)
    })
    this.#givingBack.set(key, done)
    return done
  }
}
