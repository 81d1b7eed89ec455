import type { Runtime } from '@escapement/base'
import { NotSharedError } from '../error/not-shared-error.ts'
import type { AnyJob } from '../job/job.ts'
import type { MemoryStore } from '../memory-store/memory-store.ts'
import type { JobStore } from '../store/job-store.ts'
import { JobLeases } from './job-leases.ts'
import { LockOnlyClaims } from './lock-only-claims.ts'
import { LockServer, type RegisterMutex } from './lock-server.ts'
import { LockServerClock } from './lock-server-clock.ts'
import { TickRegisters } from './tick-registers.ts'

/** What lock-only mode runs on. */
export interface LockOnlyOptions {
  readonly mutex: RegisterMutex
  readonly jobs: readonly AnyJob[]
  readonly namespace: string
  /** How long a dead instance's jobs are waited for, milliseconds. */
  readonly leaseMs: number
  readonly runtime: Runtime
}

/**
 * The memory of one instance whose ticks a lock server gives out (rule 25). Everything of the port works on this
 * instance's own executions; what would have to reach others is refused with {@link NotSharedError}.
 */
export function lockOnlyStore(memory: MemoryStore, options: LockOnlyOptions): JobStore {
  const { mutex, namespace: ownNamespace, leaseMs, runtime } = options
  const clock = new LockServerClock(runtime, mutex)
  const store = memory.underClock(() => clock.now())
  const server = new LockServer(mutex, runtime)
  const leases = new JobLeases(server, leaseMs)
  const jobs = new Map(options.jobs.map((job) => [job.name, job.settings.overlap === 'skip']))
  const claims = new LockOnlyClaims({ store, server, clock, registers: new TickRegisters(server), leases, jobs })
  let opening: Promise<void> | undefined

  const forget = (executionId: string): void => {
    leases.giveBack(executionId)
    claims.forget(executionId)
  }
  const isOver = async (namespace: string, executionId: string): Promise<boolean> => {
    const found = await store.execution(namespace, executionId)
    return found === null || found.execution.finishedAt !== null
  }

  return {
    ...store,
    async open() {
      await store.open()
      opening ??= Promise.all([clock.learn(), server.reach(ownNamespace)]).then(
        () => undefined,
        (error: unknown) => {
          opening = undefined
          throw error
        },
      )
      await opening
    },

    now: async () => clock.now(),
    findings: () => [...clock.findings(), ...server.findings()],

    async dueJobs(namespace, request) {
      // A planner that finds nothing to do looks again before the horizon is over.
      const isIdle = request.limit > 0 && (clock.isOff || server.isAway)
      return isIdle ? { jobs: [], nextTickAt: request.until, now: clock.now() } : store.dueJobs(namespace, request)
    },

    claim: (namespace, request) => claims.claim(namespace, request),

    async handBack(namespace, executions) {
      for (const { executionId } of executions) {
        leases.giveBack(executionId)
        claims.keep(executionId)
      }
      await store.handBack(namespace, executions)
    },

    async heartbeat(namespace, request) {
      clock.refresh()
      const result = await store.heartbeat(namespace, request)
      const holding = new Set(request.holding.map(({ executionId }) => executionId))
      for (const id of [...leases.executions(), ...claims.own()]) {
        if (!holding.has(id) && (await isOver(namespace, id))) forget(id)
      }
      return result
    },

    async settle(namespace, settlements) {
      const results = await store.settle(namespace, settlements)
      for (const { executionId, status } of results) {
        if (status !== null && status !== 'scheduled' && status !== 'running') forget(executionId)
      }
      return results
    },

    async cancel(namespace, executionId, by) {
      const result = await store.cancel(namespace, executionId, by)
      if (result === 'unknown') throw elsewhere(executionId, 'cancelled')
      if (result === 'cancelled') forget(executionId)
      return result
    },

    async retry(namespace, executionId, newId, by) {
      const result = await store.retry(namespace, executionId, newId, by)
      if (result.result === 'unknown') throw elsewhere(executionId, 'retried')
      if (result.result === 'created') claims.keep(result.id)
      return result
    },

    async removeInstance(namespace, instance) {
      await leases.giveBackAll()
      await store.removeInstance(namespace, instance)
    },

    setPauses: () => refuse('pausing and resuming reach'),
    retire: () => refuse('retiring a job reaches'),
    backfill: () => refuse('a backfill reaches'),
    createBulkAction: () => refuse('a bulk action reaches'),
  }
}

function refuse(what: string): Promise<never> {
  return Promise.reject(
    new NotSharedError(
      `${what} all instances, and in lock-only mode they share no store: nothing was changed; pass a shared store such as dbStore(pool)`,
    ),
  )
}

function elsewhere(executionId: string, done: string): NotSharedError {
  return new NotSharedError(
    `execution ${executionId} is not on this instance, and in lock-only mode it can be ${done} only where it is: ask that one, or pass a shared store such as dbStore(pool)`,
  )
}
