import {
  checkNames,
  type Duration,
  durationMs,
  InvalidOptionError,
  type Logger,
  type NamesOf,
  quietLogger,
  type Runtime,
  systemRuntime,
} from '@escapement/base'
import type { AnyJob } from '../job/job.ts'
import type { MutexManager } from '../lock/mutex-manager.ts'
import { checkLockOnly } from '../lock-only/check-lock-only.ts'
import { lockOnlyStore } from '../lock-only/lock-only-store.ts'
import { checkRegisters, type RegisterMutex } from '../lock-only/lock-server.ts'
import { type MemoryStore, memoryStore } from '../memory-store/memory-store.ts'
import type { JobStore } from '../store/job-store.ts'
import { checkJobs, checkLogger, checkStore } from './check-parts.ts'
import { checkTexts } from './check-texts.ts'

/** Names of jobs and namespaces (rule 26). */
const NAME = /^[a-z0-9][a-z0-9._:-]{0,127}$/

/** Limits of one queue. */
export interface QueueOptions {
  /** How many executions run at once on this instance. Default: the scheduler's `concurrency`. */
  readonly concurrency?: number
  /** How many run at once across the cluster; of the instances that name the queue the last to start decides. Default: no limit. */
  readonly limit?: number
}

/** What an instance takes; what is not named is not limited. */
export interface AcceptOptions {
  readonly queues?: readonly string[]
  readonly jobs?: readonly string[]
  /** A job is taken when it has any of these labels. */
  readonly labels?: readonly string[]
}

/** A part of the work that an instance may leave to others. */
export type Role = 'plan' | 'run' | 'upkeep'

/** How to make a scheduler. Only `jobs` is needed: the rest has defaults. */
export interface SchedulerOptions {
  readonly jobs: readonly AnyJob[]
  /** Where jobs and executions live. Default: in memory, gone with the process. */
  readonly store?: JobStore
  /**
   * Saves work where many instances share a store: one plans at a time, and the store alone keeps every promise. Without
   * a shared store it decides who runs a tick (lock-only mode).
   */
  readonly mutex?: MutexManager
  /** Separates applications in one store. Default `default`. */
  readonly namespace?: string
  /** A name of this instance for people, at most 100 characters; its id begins with it. Default: none. */
  readonly instance?: string
  /** The host's own version number of its code: a higher one wins when two instances define one job differently. */
  readonly version?: number
  /** The IANA zone of cron patterns that name none. Default `UTC`, never the host's. */
  readonly timezone?: string
  readonly queues?: Readonly<Record<string, QueueOptions>>
  /** How many executions run at once in each queue that names no number. Default 20. */
  readonly concurrency?: number
  readonly accept?: AcceptOptions
  /** Default: all. */
  readonly roles?: readonly Role[]
  /** How long a dead instance is waited for. At least 5 s; default 30 s. */
  readonly lease?: Duration
  /** How far ahead ticks are planned. At least 1 s; default 15 s. */
  readonly horizon?: Duration
  /** How long settled executions are kept; a value saved by `setRetention` goes before. Default 30 d. */
  readonly retention?: Duration
  /** From this delay on a start is reported as `execution:late`. Default 5 s. */
  readonly lateAfter?: Duration
  /** Paths hidden in the stored output, log and error of all jobs, and in the input on display. */
  readonly redact?: readonly string[]
  readonly logger?: Logger
  readonly runtime?: Runtime
}

/** The same with every default filled in and every value checked. */
export interface ResolvedSchedulerOptions {
  readonly jobs: readonly AnyJob[]
  readonly store: JobStore
  /** Gives out the planner's turn; null: everybody plans. */
  readonly mutex: MutexManager | null
  /** Whether instances share no store, and the mutex gives out ticks. */
  readonly isLockOnly: boolean
  readonly namespace: string
  readonly instance: string | null
  readonly version: number | null
  readonly timezone: string
  readonly queues: ReadonlyMap<string, { readonly concurrency: number; readonly limit: number | null }>
  readonly concurrency: number
  readonly accept: AcceptOptions
  readonly roles: ReadonlySet<Role>
  readonly leaseMs: number
  readonly horizonMs: number
  readonly retentionMs: number
  readonly lateAfterMs: number
  readonly redact: readonly string[]
  readonly logger: Logger
  readonly runtime: Runtime
}

const NAMES: NamesOf<SchedulerOptions> = {
  jobs: true,
  store: true,
  mutex: true,
  namespace: true,
  instance: true,
  version: true,
  timezone: true,
  queues: true,
  concurrency: true,
  accept: true,
  roles: true,
  lease: true,
  horizon: true,
  retention: true,
  lateAfter: true,
  redact: true,
  logger: true,
  runtime: true,
}
const QUEUE_NAMES: NamesOf<QueueOptions> = { concurrency: true, limit: true }
const ACCEPT_NAMES: NamesOf<AcceptOptions> = { queues: true, jobs: true, labels: true }
const ROLES: readonly Role[] = ['plan', 'run', 'upkeep']

/** @throws {@link InvalidOptionError} naming the option, its value and what is accepted. */
export function resolveSchedulerOptions(options: SchedulerOptions): ResolvedSchedulerOptions {
  checkNames('createScheduler', options, NAMES)
  checkJobs(options.jobs)
  if (options.store !== undefined) checkStore(options.store)
  if (options.logger !== undefined) checkLogger(options.logger)
  if (options.redact !== undefined) checkTexts('redact', options.redact)
  const runtime = options.runtime ?? systemRuntime
  const given = options.store ?? memoryStore({ runtime })
  const concurrency = count(options.concurrency ?? 20, 'concurrency')
  const namespace = matching(options.namespace ?? 'default', NAME, 'namespace', 'a-z, 0-9 and ._:- (at most 128)')
  const leaseMs = durationMs(options.lease ?? '30s', 'lease', { minMs: 5_000, maxMs: 86_400_000 })
  const lockOnly = options.mutex === undefined || given.capabilities.shared ? null : lockOnlyOf(options, given)
  const { jobs } = options
  return {
    jobs,
    store:
      lockOnly === null ? given : lockOnlyStore(lockOnly.store, { ...lockOnly, jobs, namespace, leaseMs, runtime }),
    mutex: lockOnly === null ? (options.mutex ?? null) : null,
    isLockOnly: lockOnly !== null,
    namespace,
    instance:
      options.instance === undefined
        ? null
        : matching(
            options.instance,
            /^[\x21-\x7e]{1,100}$/,
            'instance',
            '1 to 100 printable ASCII characters without spaces',
          ),
    version: options.version === undefined ? null : count(options.version, 'version', 0),
    timezone: options.timezone ?? 'UTC',
    queues: queuesOf(options.queues ?? {}, concurrency),
    concurrency,
    accept: acceptOf(options.accept ?? {}),
    roles: rolesOf(options.roles ?? ROLES),
    leaseMs,
    horizonMs: durationMs(options.horizon ?? '15s', 'horizon', { minMs: 1_000, maxMs: 86_400_000 }),
    retentionMs: durationMs(options.retention ?? '30d', 'retention', { minMs: 60_000 }),
    lateAfterMs: durationMs(options.lateAfter ?? '5s', 'lateAfter'),
    redact: options.redact ?? [],
    logger: options.logger ?? quietLogger,
    runtime,
  }
}

/** The parts of lock-only mode. @throws {@link NotSharedError} for what cannot hold in it. */
function lockOnlyOf(options: SchedulerOptions, store: JobStore): { store: MemoryStore; mutex: RegisterMutex } {
  const { mutex } = options
  checkRegisters(mutex)
  if (!isMemoryStore(store)) {
    throw new InvalidOptionError(
      'mutex is given, but the store is not shared between processes: leave the store out for lock-only mode, or pass a shared one such as dbStore(pool)',
    )
  }
  checkLockOnly(options)
  return { store, mutex }
}

function isMemoryStore(store: JobStore): store is MemoryStore {
  return typeof (store as Partial<MemoryStore>).underClock === 'function'
}

function queuesOf(
  queues: Readonly<Record<string, QueueOptions>>,
  concurrency: number,
): ResolvedSchedulerOptions['queues'] {
  if (typeof queues !== 'object' || queues === null || Array.isArray(queues)) {
    throw new InvalidOptionError('queues is no object; pass limits by name, such as { mail: { concurrency: 5 } }')
  }
  return new Map(
    Object.entries(queues).map(([name, queue]) => {
      matching(name, NAME, 'queue name', 'a-z, 0-9 and ._:- (at most 128)')
      checkNames(`queues.${name}`, queue, QUEUE_NAMES)
      return [
        name,
        {
          concurrency: count(queue.concurrency ?? concurrency, `queues.${name}.concurrency`),
          limit: queue.limit === undefined ? null : count(queue.limit, `queues.${name}.limit`),
        },
      ]
    }),
  )
}

function acceptOf(accept: AcceptOptions): AcceptOptions {
  checkNames('accept', accept, ACCEPT_NAMES)
  for (const [name, values] of Object.entries(accept)) {
    if (values !== undefined) checkTexts(`accept.${name}`, values)
  }
  return accept
}

function rolesOf(roles: readonly Role[]): ReadonlySet<Role> {
  checkTexts('roles', roles, ROLES)
  if (roles.length > 0) return new Set(roles)
  throw new InvalidOptionError(
    `roles is empty: the instance would do nothing; name some of ${ROLES.join(', ')}, or do not start it`,
  )
}

function count(value: number, name: string, min = 1): number {
  if (Number.isInteger(value) && value >= min && value <= 1_000_000_000) return value
  throw new InvalidOptionError(`${name} is ${String(value)}; it must be a whole number from ${min} to 1000000000`)
}

function matching(value: string, pattern: RegExp, name: string, allowed: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw new InvalidOptionError(`${name} is ${JSON.stringify(value)}; it may hold ${allowed}`)
}
