import type { LetGo, LetGoStore } from '../memory-store/letting-go.ts'
import type { ClaimedExecution, ClaimRequest, ClaimResult, ClaimStore } from '../store/claim-store.ts'
import type { JobLeases } from './job-leases.ts'
import type { LockServer } from './lock-server.ts'
import type { LockServerClock } from './lock-server-clock.ts'
import type { TickRegisters } from './tick-registers.ts'

/** What decides about claims. */
export interface ClaimDeciders {
  readonly store: Pick<ClaimStore, 'claim'> & LetGoStore
  readonly server: LockServer
  readonly clock: LockServerClock
  readonly registers: TickRegisters
  readonly leases: JobLeases
  /** The host's jobs, and whether their executions exclude each other. Others are this instance's own affair. */
  readonly jobs: ReadonlyMap<string, boolean>
}

/** Executions of a pass that may start, and those that may not. */
interface Decided {
  readonly executions: readonly ClaimedExecution[]
  readonly letGo: readonly (LetGo & { readonly claimed: ClaimedExecution })[]
}

/**
 * Claims in lock-only mode. What the store finds due is asked for at the lock server before it starts: a tick by its
 * job's register, then the job itself where its executions exclude each other. What is not granted leaves this instance
 * or waits. Nothing is taken ahead: a tick that was claimed and not started would be lost when the instance stops.
 */
export class LockOnlyClaims {
  readonly #deciders: ClaimDeciders
  /** Executions that need no register: ticks that were claimed and not started, runs again by hand. */
  readonly #own = new Set<string>()

  constructor(deciders: ClaimDeciders) {
    this.#deciders = deciders
  }

  /** The executions that need no register. */
  own(): readonly string[] {
    return [...this.#own]
  }

  /** An execution stays with this instance: it needs no register. */
  keep(executionId: string): void {
    this.#own.add(executionId)
  }

  /** An execution is over. */
  forget(executionId: string): void {
    this.#own.delete(executionId)
  }

  /** @throws What the lock server fails with, while it is away: nothing was claimed then. */
  async claim(namespace: string, request: ClaimRequest): Promise<ClaimResult> {
    const { store, server, clock, leases } = this.#deciders
    await server.ready(namespace)
    const found = await store.claim(namespace, {
      ...request,
      handlers: leases.worthAsking(request.handlers, clock.now()),
      queues: request.queues.map((queue) => ({ ...queue, prefetch: 0 })),
      aheadMs: 0,
    })
    const ticks = await this.#askRegisters(namespace, found.executions)
    const runs = await this.#askForJobs(namespace, ticks.executions)
    const dropped = await this.#letGo(namespace, [...ticks.letGo, ...runs.letGo])
    const now = clock.now()
    return {
      ...found,
      executions: runs.executions.map((claimed) => ({ ...claimed, claimedAt: now, startedAt: now })),
      dropped: [...found.dropped, ...dropped],
      nextDueAt: earlier(found.nextDueAt, leases.nextLookAt()),
      now,
    }
  }

  async #askRegisters(namespace: string, claimed: readonly ClaimedExecution[]): Promise<Decided> {
    const { registers, jobs } = this.#deciders
    const asked = claimed.filter(
      ({ id, job, isTick, attempt }) => isTick && attempt === 1 && jobs.has(job) && !this.#own.has(id),
    )
    const answers = await registers.claim(namespace, asked)
    const letGo: Decided['letGo'][number][] = []
    for (const [index, tick] of asked.entries()) {
      const answer = answers[index] ?? 'unknown'
      if (answer !== 'ours') letGo.push(lettingGo(tick, answer === 'unknown' ? 'unseen' : answer))
    }
    return { executions: without(claimed, letGo), letGo }
  }

  async #askForJobs(namespace: string, claimed: readonly ClaimedExecution[]): Promise<Decided> {
    const { jobs, leases } = this.#deciders
    const letGo: Decided['letGo'][number][] = []
    const executions = await Promise.all(
      claimed.map(async (each) => {
        if (jobs.get(each.job) !== true) return each
        try {
          const lease = await leases.take(namespace, each.job, each.id)
          if (lease !== null) return { ...each, guardFence: lease.fence, lease }
          letGo.push(lettingGo(each, 'overlap'))
        } catch {
          letGo.push(lettingGo(each, 'later')) // the server remembers why
        }
        return each
      }),
    )
    return { executions: without(executions, letGo), letGo }
  }

  /** Answers what got its verdict. */
  async #letGo(namespace: string, letGo: Decided['letGo']): Promise<ClaimResult['dropped']> {
    if (letGo.length === 0) return []
    const { store, clock, leases } = this.#deciders
    const waiting = new Set(await store.letGo(namespace, letGo))
    const dropped: ClaimResult['dropped'][number][] = []
    for (const { claimed, executionId, why } of letGo) {
      const { job, scheduledFor, isTick } = claimed
      if (waiting.has(executionId) && why !== 'unseen') {
        this.keep(executionId)
        leases.waitFor(job, clock.now())
      }
      const isNews = why !== 'elsewhere' && !waiting.has(executionId)
      if (isTick && isNews) dropped.push({ job, scheduledFor, reason: why })
    }
    return dropped
  }
}

function lettingGo(claimed: ClaimedExecution, why: LetGo['why']): Decided['letGo'][number] {
  return { claimed, executionId: claimed.id, fence: claimed.fence, why }
}

function without(claimed: readonly ClaimedExecution[], letGo: Decided['letGo']): readonly ClaimedExecution[] {
  const gone = new Set(letGo.map(({ executionId }) => executionId))
  return gone.size === 0 ? claimed : claimed.filter(({ id }) => !gone.has(id))
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}
