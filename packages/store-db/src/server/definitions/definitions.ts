import type { DefinitionStore, JobState, JobStateForRegistration, PauseWindow, QueueState } from '@escapement/core'
import { integerOf } from '@escapement/db'
import { jobStateOf, revisionOf } from '../../job/job-row.ts'
import { parsePauses, pauseText } from '../../job/pause-text.ts'
import { rowsText } from '../rows-text.ts'
import type { ExecutionRemoval } from '../ending/execution-removal.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { DefinitionChanges } from './definition-changes.ts'
import { definitionsSql } from './definitions-sql.ts'
import { jobRowOf, revisionRowOf } from './job-columns.ts'
import type { QueueUse } from './queue-use.ts'
import { Retirement } from './retirement.ts'

/** What definitions share with other roles. */
export interface DefinitionParts {
  readonly queueUse: QueueUse
  readonly removal: ExecutionRemoval
}

/** Definitions, instances, pauses on a server. */
export function serverDefinitions(context: ServerContext, { queueUse, removal }: DefinitionParts): DefinitionStore {
  const sql = statements(definitionsSql(context))
  const changes = new DefinitionChanges(context, queueUse)
  const retirement = new Retirement(context, removal)

  const jobStates = async (namespace: string, jobs: readonly string[]): Promise<ReadonlyMap<string, JobState>> => {
    const { rows } = await context.run(sql.jobs, { namespace, jobs: sorted(jobs) })
    return new Map(rows.map((row) => jobStateOf(jobRowOf(row))).map((state): [string, JobState] => [state.name, state]))
  }

  return {
    registerInstance: (namespace, { id, name, version, leaseMs }) =>
      context.transaction(async (session) => {
        const rows = rowsText([{ id, name, version, lease_ms: leaseMs }])
        await session.run(sql.insertInstance, { namespace, rows })
        const found = (await session.run<{ dead_at: unknown; now: unknown }>(sql.lockInstance, { namespace, id }))
          .rows[0]
        const now = integerOf(found?.now)
        const isAlive = found?.dead_at === null
        if (isAlive) await session.run(sql.renewInstance, { namespace, id, now, leaseUntil: now + leaseMs })
        return { now, isAlive }
      }),

    async registerQueues(namespace, queues) {
      const limits = [...new Map(queues.map(({ name, clusterLimit }) => [name, clusterLimit]))]
      const limited = limits.flatMap(([name, limit]) => (limit === 'keep' ? [] : { name, cluster_limit: limit }))
      if (limited.length > 0) await context.run(sql.registerQueues, { namespace, rows: rowsText(limited) })
      await queueUse.ensure(
        namespace,
        limits.map(([name]) => name),
      )
    },

    async statesForRegistration(namespace, jobs, instance) {
      const states = await jobStates(namespace, jobs)
      const parameters = { namespace, jobs: sorted(jobs), instance: instance ?? '' }
      const { rows } = await context.run<{ is_live: unknown; job: string; hash: string }>(sql.hashes, parameters)
      const hashesOf = (job: string, isLive: 0 | 1): string[] =>
        rows.filter((row) => row.job === job && integerOf(row.is_live) === isLive).map(({ hash }) => hash)
      return jobs.map(
        (job): JobStateForRegistration => ({
          state: states.get(job) ?? null,
          knownHashes: hashesOf(job, 0),
          liveHashes: hashesOf(job, 1),
        }),
      )
    },

    changeDefinitions: (namespace, given) => changes.apply(namespace, given),

    async supersessions(namespace) {
      const { rows } = await context.run<{ value: string }>(sql.supersessions, { namespace })
      return Number(rows[0]?.value ?? 0)
    },

    announceHandlers: (namespace, instance, handlers) =>
      context.transaction(async (session) => {
        if ((await session.run(sql.shareInstance, { namespace, instance })).rows.length === 0) return
        const hashes = new Map(handlers.map(({ job, hash }) => [job, hash]))
        const jobs = sorted([...hashes.keys()])
        const { rows } = await session.run<{ name: string; absent_since: unknown }>(sql.lockJobs, { namespace, jobs })
        const announced = [...hashes].map(([job, hash]) => ({ job, hash }))
        await session.run(sql.announce, { namespace, instance, rows: rowsText(announced) })
        const absent = rows.filter((row) => row.absent_since !== null).map(({ name }) => name)
        if (absent.length > 0) await session.run(sql.clearAbsent, { namespace, jobs: absent })
      }),

    markAbsent: (namespace, jobs) =>
      context.transaction(async (session) => {
        const locked = await session.run<{ name: string; now: unknown }>(sql.lockJobs, {
          namespace,
          jobs: sorted(jobs),
        })
        const known = locked.rows.map(({ name }) => name)
        const live = await session.run<{ job: string }>(sql.liveJobs, { namespace, jobs: known })
        const alive = new Set(live.rows.map(({ job }) => job))
        const absent = known.filter((job) => !alive.has(job))
        if (absent.length === 0) return []
        await session.run(sql.markAbsent, { namespace, jobs: absent, now: integerOf(locked.rows[0]?.now) })
        return jobs.filter((job) => absent.includes(job))
      }),

    retire: (namespace, job) => context.transaction((session) => retirement.retire(session, namespace, job)),

    async setPauses(namespace, { kind, name }, expected, pauses) {
      const isQueue = kind === 'queue'
      if (isQueue) await queueUse.ensure(namespace, [name])
      return await context.transaction(async (session) => {
        const lock = isQueue ? sql.lockQueuePauses : sql.lockJobPauses
        const stored = (await session.run<{ pauses: string }>(lock, { namespace, name })).rows[0]?.pauses
        if (stored !== pauseText(expected)) return false
        await session.run(isQueue ? sql.pauseQueue : sql.pauseJob, { namespace, name, pauses: pauseText(pauses) })
        return true
      })
    },

    async jobStates(namespace, jobs) {
      const states = await jobStates(namespace, jobs)
      return jobs.flatMap((job) => states.get(job) ?? [])
    },

    async queueStates(namespace) {
      const { rows } = await context.run<QueueRow>(sql.queues, { namespace })
      return rows.map(queueStateOf)
    },

    async revisions(namespace, job, from, to) {
      const { rows } = await context.run(sql.revisions, { namespace, job, since: from, until: to })
      return rows.map((row) => revisionOf(revisionRowOf(row)))
    },
  }
}

interface QueueRow {
  readonly name: string
  readonly cluster_limit: unknown
  readonly pauses: string
}

function queueStateOf({ name, cluster_limit: limit, pauses }: QueueRow): QueueState {
  const windows: readonly PauseWindow[] = parsePauses(pauses)
  return { name, clusterLimit: limit === null ? null : integerOf(limit), pauses: windows }
}

/** Each once, in the order in which rows are locked. */
function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted()
}
