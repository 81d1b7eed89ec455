import type { JobRevision } from '../job/job-spec.ts'
import type { DefinitionChange, DefinitionStore, JobStateForRegistration } from '../store/definition-store.ts'
import type { JobState } from '../store/job-state.ts'
import { isLedgerTick } from './execution-row.ts'
import { type InstanceRow, isLive } from './instance-row.ts'
import type { JobTable } from './job-table.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { samePauses } from './pauses.ts'
import { place, removeRow, withdraw } from './placement.ts'

const NO_HASHES: readonly string[] = []

/** Definitions, instances, pauses: what exists and who can run it. */
export const definitions: MemoryRole<DefinitionStore> = (at) => ({
  async registerInstance(namespace, { id, name, version, leaseMs }) {
    const { tables, now } = at(namespace)
    const known = tables.instances.get(id)
    if (known === undefined) {
      const instance: InstanceRow = {
        id,
        name,
        version,
        startedAt: now,
        heartbeatAt: now,
        leaseUntil: now + leaseMs,
        isDead: false,
        lastToken: -1,
        held: new Set(),
        handlers: new Set(),
        heapIndex: -1,
      }
      tables.instances.set(id, instance)
      tables.openInstances.add(instance)
    } else if (!known.isDead) {
      known.heartbeatAt = now
      known.leaseUntil = now + leaseMs
    }
    return { now, isAlive: known?.isDead !== true }
  },

  async registerQueues(namespace, queues) {
    const { tables } = at(namespace)
    for (const { name, clusterLimit } of queues) {
      const queue = tables.queue(name)
      if (clusterLimit !== 'keep') queue.clusterLimit = clusterLimit
    }
    tables.hint()
  },

  async statesForRegistration(namespace, jobs, instance) {
    const { tables, now } = at(namespace)
    return jobs.map((name) => stateForRegistration(tables.jobs.get(name), instance, now))
  },

  async changeDefinitions(namespace, changes) {
    const { tables, now } = at(namespace)
    const results = changes.map((change) => (changeDefinition(tables, change, now) ? 'applied' : 'conflict'))
    tables.hint()
    return results
  },

  async supersessions(namespace) {
    return at(namespace).tables.supersessions
  },

  async announceHandlers(namespace, instance, handlers) {
    const { tables } = at(namespace)
    const row = tables.instances.get(instance)
    if (row === undefined || row.isDead) return
    for (const { job: name, hash } of handlers) {
      const job = tables.job(name)
      row.handlers.add(name)
      job.handlers.set(row, hash)
      if (job.state?.absentSince != null) setState(tables, job, { absentSince: null })
    }
    tables.hint()
  },

  async markAbsent(namespace, jobs) {
    const { tables, now } = at(namespace)
    return jobs.filter((name) => {
      const job = tables.jobs.get(name)
      if (job?.state == null || job.state.retiredAt !== null || job.hasLiveHandler(now)) return false
      setState(tables, job, { absentSince: job.state.absentSince ?? now })
      return true
    })
  },

  async retire(namespace, name) {
    const { tables, now } = at(namespace)
    const job = tables.jobs.get(name)
    if (job === undefined || !retireJob(tables, job, now)) return false
    tables.hint()
    return true
  },

  async setPauses(namespace, { kind, name }, expected, pauses) {
    const { tables } = at(namespace)
    if (kind === 'queue') {
      const queue = tables.queue(name)
      if (!samePauses(queue.pauses, expected)) return false
      queue.pauses = pauses
    } else {
      const job = tables.jobs.get(name)
      if (job?.state == null || !samePauses(job.state.pauses, expected)) return false
      setState(tables, job, { pauses })
    }
    tables.hint()
    return true
  },

  async jobStates(namespace, jobs) {
    const { tables } = at(namespace)
    return jobs.flatMap((name) => tables.jobs.get(name)?.state ?? [])
  },

  async queueStates(namespace) {
    const { tables } = at(namespace)
    return [...tables.queues.values()].map(({ name, clusterLimit, pauses }) => ({ name, clusterLimit, pauses }))
  },

  async revisions(namespace, name, from, to) {
    const { tables } = at(namespace)
    const revisions = tables.jobs.get(name)?.revisions ?? []
    return revisions.filter(
      ({ effectiveFrom, effectiveUntil }) => effectiveFrom < to && (effectiveUntil === null || effectiveUntil >= from),
    )
  },
})

/** Ends a job's current revision at `now`, with the ticks that were planned beyond. False: unknown or retired. */
export function retireJob(tables: MemoryTables, job: JobTable, now: number): boolean {
  if (job.state === null || job.state.retiredAt !== null) return false
  const coming = [...job.executions.from((other) => other.scheduledFor <= now)]
  for (const row of coming) {
    if (isLedgerTick(row) && row.status === 'scheduled' && row.attempt === 0) removeRow(tables, row)
  }
  endRevision(job, now)
  setState(tables, job, { current: lastRevision(job), retiredAt: now, nextTickAt: null })
  return true
}

/** Every instance asks this of all its jobs again and again: nothing is gathered that can be kept. */
function stateForRegistration(
  job: JobTable | undefined,
  instance: string | null,
  now: number,
): JobStateForRegistration {
  if (job === undefined) return { state: null, knownHashes: NO_HASHES, liveHashes: NO_HASHES }
  let liveHashes = NO_HASHES
  for (const [row, hash] of job.handlers) {
    if (row.id !== instance && isLive(row, now) && !liveHashes.includes(hash)) liveHashes = [...liveHashes, hash]
  }
  return { state: job.state, knownHashes: job.knownHashes, liveHashes }
}

function changeDefinition(tables: MemoryTables, change: DefinitionChange, now: number): boolean {
  const { expected, effectiveFrom, nextTickAt } = change
  const { spec, hash, version } = change.job
  const job = tables.job(spec.name)
  const { state } = job
  if (
    state === null
      ? expected !== null
      : state.current.revision !== expected?.revision || state.plannedUntil !== expected.plannedUntil
  ) {
    return false
  }
  if (state === null || state.current.hash !== hash || state.current.effectiveUntil !== null) {
    if (state !== null) tables.supersessions++
    if (state?.current.effectiveUntil === null) endRevision(job, effectiveFrom)
    job.revisions = [
      ...job.revisions,
      { job: spec.name, revision: job.revisions.length + 1, hash, spec, version, effectiveFrom, effectiveUntil: null },
    ]
    if (!job.knownHashes.includes(hash)) job.knownHashes = [...job.knownHashes, hash]
  } else if (version !== null) {
    replaceLast(job, { ...state.current, version })
  }
  job.state = {
    name: spec.name,
    current: lastRevision(job),
    plannedUntil: Math.max(state?.plannedUntil ?? effectiveFrom, effectiveFrom),
    nextTickAt,
    firstRegisteredAt: state?.firstRegisteredAt ?? effectiveFrom,
    pauses: state?.pauses ?? [],
    absentSince: null,
    retiredAt: null,
  }
  reschedule(tables, job)
  tables.queue(spec.queue)
  if (state !== null && state.current.spec.queue !== spec.queue) moveWaiting(tables, job, spec.queue, now)
  return true
}

function moveWaiting(tables: MemoryTables, job: JobTable, queue: string, now: number): void {
  const moving = [...job.executions.from()].filter((row) => row.status === 'scheduled' && row.queue !== queue)
  for (const row of moving) {
    withdraw(tables, row)
    row.queue = queue
    place(tables, row, now)
  }
}

function setState(tables: MemoryTables, job: JobTable, change: Partial<JobState>): void {
  if (job.state === null) return
  job.state = { ...job.state, ...change }
  reschedule(tables, job)
}

function reschedule(tables: MemoryTables, job: JobTable): void {
  tables.reschedule(job)
  if (job.state?.absentSince == null) tables.absentJobs.delete(job)
  else tables.absentJobs.add(job)
}

function endRevision(job: JobTable, effectiveUntil: number): void {
  replaceLast(job, { ...lastRevision(job), effectiveUntil })
}

function replaceLast(job: JobTable, revision: JobRevision): void {
  job.revisions = [...job.revisions.slice(0, -1), revision]
}

function lastRevision(job: JobTable): JobRevision {
  return job.revisions.at(-1) as JobRevision
}
