import type { ClaimStore, HeartbeatResult } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { SqliteEndings } from '../ending.ts'
import { Releases } from '../releases.ts'
import type { SqliteContext } from '../sqlite-context.ts'
import { NOTHING } from '../../claiming/nothing-claimed.ts'
import { boundedDemand } from './bounded-demand.ts'
import { claimPass } from './claim-pass.ts'
import { claimingSql } from './claiming-sql.ts'
import { JobLookup } from './job-lookup.ts'
import type { JudgingScope } from './judging.ts'
import { lookAhead } from './look-ahead.ts'
import { ownershipSql } from './ownership-sql.ts'
import type { LanePlaces } from './selection.ts'

interface HeldRow {
  readonly id: string
  readonly cancel_requested_at: number | null
  readonly cancel_requested_by: string | null
}

/** From due rows to owned executions on SQLite. */
export function sqliteClaiming(context: SqliteContext): ClaimStore {
  const sql = claimingSql(context.tables)
  const ownership = ownershipSql(context.tables)
  const endings = new SqliteEndings(context.tables)
  const releases = new Releases(context.tables, endings)
  const places: LanePlaces = new Map()
  const scope = (session: SqliteSession, namespace: string, handlers: ReadonlySet<string>): JudgingScope => ({
    session,
    sql,
    endings,
    jobs: new JobLookup(session, sql, namespace),
    namespace,
    handlers,
    now: context.now(),
  })

  return {
    async claim(namespace, asked) {
      const request = { ...asked, queues: boundedDemand(asked.queues) }
      // A look costs no lock: passes that can take nothing, the most by far, keep nobody from writing.
      const idle = await context.read((session) => lookAhead(scope(session, namespace, request.handlers), request))
      if (idle !== null) return { ...NOTHING, ...idle }
      return context.write((session) => claimPass(scope(session, namespace, request.handlers), request, places))
    },

    markStarted: (namespace, starts) =>
      context.write((session) =>
        starts
          .filter(({ executionId, fence, startedAt }) => {
            const parameters = [startedAt, namespace, executionId, Number(fence)]
            return session.run(ownership.start, parameters) === 0
          })
          .map(({ executionId }) => executionId),
      ),

    handBack: (namespace, executions) =>
      context.write((session) => {
        const now = context.now()
        for (const { executionId, fence } of executions) {
          releases.handBack(session, namespace, executionId, Number(fence), now)
        }
      }),

    heartbeat: (namespace, { instance, leaseMs, holding, claimedUpTo }) =>
      context.write((session): HeartbeatResult => {
        const now = context.now()
        if (session.run(ownership.renew, [now + leaseMs, now, namespace, instance]) === 0) {
          return { isAlive: false, lost: holding.map(({ executionId }) => executionId), cancel: [], now }
        }
        const named = JSON.stringify(holding.map(({ executionId, fence }) => [executionId, Number(fence)]))
        releases.giveUnnamedBack(
          session,
          namespace,
          instance,
          claimedUpTo,
          new Set(holding.map((held) => held.executionId)),
          now,
        )
        const held = new Map(
          session.all<HeldRow>(ownership.held, [named, namespace]).map((row): [string, HeldRow] => [row.id, row]),
        )
        return {
          isAlive: true,
          lost: holding.filter(({ executionId }) => !held.has(executionId)).map(({ executionId }) => executionId),
          cancel: [...held.values()]
            .filter((row) => row.cancel_requested_at !== null)
            .map((row) => ({ executionId: row.id, by: row.cancel_requested_by })),
          now,
        }
      }),
  }
}
