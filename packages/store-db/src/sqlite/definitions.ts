import type {
  DefinitionChange,
  DefinitionStore,
  JobSpec,
  JobState,
  JobStateForRegistration,
  PauseWindow,
} from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { type JobRow, jobStateOf, type RevisionRow, revisionOf } from '../job/job-row.ts'
import { parsePauses, pauseText } from '../job/pause-text.ts'
import { definitionsSql } from './definitions-sql.ts'
import type { SqliteContext } from './sqlite-context.ts'

/** Waiting rows that follow their job to another queue in one transaction. */
const MOVED_AT_ONCE = 200

type Sql = ReturnType<typeof definitionsSql>

/** Definitions, instances, pauses on SQLite. */
export function sqliteDefinitions(context: SqliteContext): DefinitionStore {
  const sql = definitionsSql(context.tables)
  const jobStates = (session: SqliteSession, namespace: string, jobs: readonly string[]): Map<string, JobState> => {
    const rows = session.all<JobRow>(sql.jobs, [namespace, JSON.stringify(jobs)])
    return new Map(rows.map((row): [string, JobState] => [row.name, jobStateOf(row)]))
  }

  const moveWaiting = async (namespace: string, job: string, queue: string): Promise<void> => {
    const parameters = [queue, namespace, job, queue, MOVED_AT_ONCE]
    const move = (session: SqliteSession): number =>
      session.run(sql.moveJudged, parameters) + session.run(sql.moveUnjudged, parameters)
    while ((await context.write(move)) > 0);
  }

  return {
    registerInstance: (namespace, { id, name, version, leaseMs }) =>
      context.write((session) => {
        const now = context.now()
        const parameters = [namespace, id, name, version, now, now, leaseMs, now + leaseMs]
        const isAlive =
          session.run(sql.insertInstance, parameters) > 0 ||
          session.run(sql.renewInstance, [now + leaseMs, now, namespace, id]) > 0
        return { now, isAlive }
      }),

    registerQueues: (namespace, queues) =>
      context.write((session) => {
        for (const { name, clusterLimit } of queues) {
          if (clusterLimit === 'keep') session.run(sql.useQueue, [namespace, name])
          else session.run(sql.registerQueue, [namespace, name, clusterLimit])
        }
      }),

    statesForRegistration: (namespace, jobs, instance) =>
      context.read((session) => {
        const now = context.now()
        const names = JSON.stringify(jobs)
        const states = jobStates(session, namespace, jobs)
        const known = hashesByJob(session, sql.knownHashes, [namespace, names])
        const live = hashesByJob(session, sql.liveHashes, [namespace, names, instance ?? '', now])
        return jobs.map(
          (job): JobStateForRegistration => ({
            state: states.get(job) ?? null,
            knownHashes: known.get(job) ?? [],
            liveHashes: live.get(job) ?? [],
          }),
        )
      }),

    async changeDefinitions(namespace, changes) {
      const results = await Promise.all(
        changes.map((change) => context.write((session) => changeDefinition(session, sql, namespace, change))),
      )
      for (const [index, { job, expected }] of changes.entries()) {
        const isChanged = results[index] === 'applied' && expected !== null // nothing waits for a new job
        if (isChanged) await moveWaiting(namespace, job.spec.name, job.spec.queue)
      }
      return results
    },

    supersessions: (namespace) =>
      context.read((session) => Number(session.get<{ value: string }>(sql.supersessions, [namespace])?.value ?? 0)),

    announceHandlers: (namespace, instance, handlers) =>
      context.write((session) => {
        for (const { job, hash } of handlers) {
          const isAlive = session.run(sql.announce, [job, hash, namespace, instance]) > 0
          if (isAlive) session.run(sql.clearAbsent, [namespace, job])
        }
      }),

    markAbsent: (namespace, jobs) =>
      context.write((session) => {
        const now = context.now()
        return jobs.filter(
          (job) =>
            session.get(sql.hasLiveHandler, [namespace, job, now]) === undefined &&
            session.run(sql.markAbsent, [now, namespace, job]) > 0,
        )
      }),

    retire: (namespace, job) => context.write((session) => retireJob(session, sql, namespace, job, context.now())),

    setPauses: (namespace, { kind, name }, expected, pauses) =>
      context.write((session) => {
        if (kind === 'queue') session.run(sql.useQueue, [namespace, name])
        const text = kind === 'queue' ? sql.pauseQueue : sql.pauseJob
        return session.run(text, [pauseText(pauses), namespace, name, pauseText(expected)]) > 0
      }),

    jobStates: (namespace, jobs) =>
      context.read((session) => {
        const states = jobStates(session, namespace, jobs)
        return jobs.flatMap((job) => states.get(job) ?? [])
      }),

    queueStates: (namespace) =>
      context.read((session) =>
        session
          .all<{ name: string; cluster_limit: number | null; pauses: string }>(sql.queues, [namespace])
          .map((row): { name: string; clusterLimit: number | null; pauses: readonly PauseWindow[] } => ({
            name: row.name,
            clusterLimit: row.cluster_limit,
            pauses: parsePauses(row.pauses),
          })),
      ),

    revisions: (namespace, job, from, to) =>
      context.read((session) => session.all<RevisionRow>(sql.revisions, [namespace, job, to, from]).map(revisionOf)),
  }
}

function hashesByJob(
  session: SqliteSession,
  text: string,
  parameters: readonly (string | number)[],
): ReadonlyMap<string, readonly string[]> {
  const hashes = new Map<string, string[]>()
  for (const { job, hash } of session.all<{ job: string; hash: string }>(text, parameters)) {
    const ofJob = hashes.get(job)
    if (ofJob === undefined) hashes.set(job, [hash])
    else ofJob.push(hash)
  }
  return hashes
}

/**
 * Ends a job's current revision at `now`, with the ticks that were planned beyond it.
 *
 * @returns False: unknown or retired.
 */
export function retireJob(session: SqliteSession, sql: Sql, namespace: string, job: string, now: number): boolean {
  const row = session.get<JobRow>(sql.job, [namespace, job])
  if (row === undefined || session.run(sql.retire, [now, namespace, job]) === 0) return false
  session.run(sql.dropPlanned, [namespace, job, now])
  session.run(sql.endRevision, [now, namespace, job, row.revision])
  return true
}

function changeDefinition(
  session: SqliteSession,
  sql: Sql,
  namespace: string,
  { job, expected, effectiveFrom, nextTickAt }: DefinitionChange,
): 'applied' | 'conflict' {
  const { spec, hash, version } = job
  const current = session.get<JobRow>(sql.job, [namespace, spec.name])
  const isAsExpected =
    current === undefined
      ? expected === null
      : current.revision === expected?.revision && current.planned_until === expected.plannedUntil
  if (!isAsExpected) return 'conflict'
  const isSame = current !== undefined && current.hash === hash && current.effective_until === null
  const revision = isSame ? current.revision : (current?.revision ?? 0) + 1
  if (!isSame) {
    if (current !== undefined) {
      session.run(sql.endRevision, [effectiveFrom, namespace, spec.name, current.revision])
      session.run(sql.countSupersession, [namespace])
    }
    const parameters = [namespace, spec.name, revision, hash, JSON.stringify(spec), version, effectiveFrom]
    session.run(sql.insertRevision, parameters)
  } else if (version !== null) {
    session.run(sql.raiseVersion, [version, namespace, spec.name, revision])
  }
  session.run(sql.saveJob, [
    namespace,
    spec.name,
    revision,
    effectiveFrom,
    nextTickAt,
    effectiveFrom,
    spec.queue,
    JSON.stringify(spec.labels),
    spec.overlap,
    spec.onInterrupt,
    spec.retry.until,
    Number(spec.isSystem),
  ])
  session.run(sql.useQueue, [namespace, spec.queue])
  const wasExclusive = current === undefined || (JSON.parse(current.spec) as JobSpec).overlap !== 'allow'
  if (!wasExclusive && spec.overlap !== 'allow')
    session.run(sql.countOpen, [namespace, spec.name, namespace, spec.name])
  return 'applied'
}
