import type { Recovered, UpkeepStore } from '@escapement/core'
import type { SqlSession } from '@escapement/db'
import type { QueueStarts } from '../claiming/queue-starts.ts'
import { Retirement } from '../definitions/retirement.ts'
import type { ExecutionRemoval } from '../ending/execution-removal.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import type { ServerStatistics } from '../statistics/statistics.ts'
import { bulkActions } from './bulk-actions.ts'
import { AT_ONCE, inSteps } from './in-steps.ts'
import { purge } from './purge.ts'
import { StatsFolding } from './stats-folding.ts'
import { storedSettings } from './stored-settings.ts'
import { upkeepSql } from './upkeep-sql.ts'

/** What upkeep shares with other roles. */
export interface UpkeepParts {
  readonly removal: ExecutionRemoval
  readonly statistics: ServerStatistics
  readonly starts: QueueStarts
  /** Gives back up to `limit` of what a dead instance holds. */
  readonly recover: (
    session: SqlSession,
    namespace: string,
    instance: string,
    limit: number,
  ) => Promise<readonly Recovered[]>
}

/** What keeps the store small and nothing stuck, on a server. */
export function serverUpkeep(
  context: ServerContext,
  { removal, statistics, starts, recover }: UpkeepParts,
): UpkeepStore {
  const sql = statements(upkeepSql(context))
  const retirement = new Retirement(context, removal)
  const folding = new StatsFolding(context, statistics)

  /** Forgets what a dead instance that holds nothing has said about handlers. */
  const bury = async (namespace: string, instance: string): Promise<void> => {
    await inSteps(context, Number.POSITIVE_INFINITY, async (session, asked) => {
      const { rows } = await session.run<{ job: string }>(sql.handlersOf(asked), { namespace, instance })
      const jobs = rows.map(({ job }) => job)
      if (jobs.length > 0) await session.run(sql.forgetHandlers, { namespace, instance, jobs })
      return jobs.length
    })
    await context.run(sql.bury, { namespace, instance })
  }

  return {
    ...bulkActions(context),
    ...storedSettings(context),

    async recover(namespace, limit) {
      // A look costs no lock, and mostly there is nothing.
      const found = await context.run<{ dead_at: unknown }>(sql.toRecover, { namespace })
      if (found.rows.length === 0) return []
      if (found.rows.some((row) => row.dead_at === null)) await context.run(sql.declareDead, { namespace })
      const going = await context.run<{ id: string }>(sql.going, { namespace })
      const recovered: Recovered[] = []
      for (const { id } of going.rows) {
        while (recovered.length < limit) {
          const asked = Math.min(AT_ONCE, limit - recovered.length)
          const released = await context.transaction(async (session) => {
            const { rows } = await session.run(sql.lockGoing, { namespace, instance: id })
            return rows.length === 0 ? [] : await recover(session, namespace, id, asked)
          })
          recovered.push(...released)
          if (released.length === asked) continue
          await bury(namespace, id)
          break
        }
      }
      if (recovered.length > 0) starts.forget(namespace)
      return recovered
    },

    async removeInstance(namespace, instance) {
      await context.run(sql.remove, { namespace, instance })
    },

    purge: (namespace, before, limit) => purge(context, sql, namespace, before, limit),

    foldStats: (namespace, limit) => folding.fold(namespace, limit),

    async retireAbsent(namespace, absentBefore) {
      const { rows } = await context.run<{ name: string }>(sql.absent, { namespace, absentBefore })
      const retired: string[] = []
      for (const { name: job } of rows) {
        const isRetired = await context.transaction(async (session) => {
          const locked = await session.run(sql.lockAbsent, { namespace, job, absentBefore })
          return locked.rows.length > 0 && (await retirement.retire(session, namespace, job))
        })
        if (isRetired) retired.push(job)
      }
      return retired
    },
  }
}
