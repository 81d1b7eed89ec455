import type { ClaimStore, HeartbeatResult } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { ClaimPass, type ClaimPassParts } from './claim-pass.ts'
import { ownershipSql } from './ownership-sql.ts'
import type { NamedExecution, ServerReleases } from './releases.ts'

/** What claiming shares with other roles. */
export interface ClaimingParts extends ClaimPassParts {
  readonly releases: ServerReleases
}

interface HeldRow {
  readonly id: string
  readonly cancel_requested_at: unknown
  readonly cancel_requested_by: string | null
}

/** From due rows to owned executions on a server. */
export function serverClaiming(context: ServerContext, { releases, ...parts }: ClaimingParts): ClaimStore {
  const sql = statements(ownershipSql(context))
  const pass = new ClaimPass(context, parts)

  return {
    claim: (namespace, request) => pass.claim(namespace, request),

    async markStarted(namespace, starts) {
      if (starts.length === 0) return []
      const rows = starts.map(({ executionId: id, fence, startedAt }) => ({ id, fence, started_at: startedAt }))
      const owned = await context.transaction(async (session) => {
        const own = await session.run<{ id: string }>(sql.lockOwn, { namespace, rows: namedRows(starts) })
        await session.run(sql.start, { namespace, rows: rowsText(rows) })
        return new Set(own.rows.map(({ id }) => id))
      })
      return starts.filter(({ executionId }) => !owned.has(executionId)).map(({ executionId }) => executionId)
    },

    async handBack(namespace, executions) {
      if (executions.length === 0) return
      await context.transaction(async (session) => {
        const { rows } = await session.run<{ now: unknown }>(sql.now)
        await releases.handBack(session, namespace, executions, integerOf(rows[0]?.now))
      })
      parts.starts.forget(namespace)
    },

    async heartbeat(namespace, { instance, leaseMs, holding, claimedUpTo }) {
      const named = new Set(holding.map(({ executionId }) => executionId))
      let hasTakenBack = false
      const beat = async (session: SqlSession): Promise<HeartbeatResult> => {
        const unnamed = await releases.unnamed(session, namespace, { instance, claimedUpTo, named })
        const locked = await session.run<{ now: unknown }>(sql.lockAlive, { namespace, instance })
        const { rows: times } = locked.rows.length > 0 ? locked : await session.run<{ now: unknown }>(sql.now)
        const now = integerOf(times[0]?.now)
        if (locked.rows.length === 0) {
          return { isAlive: false, lost: holding.map(({ executionId }) => executionId), cancel: [], now }
        }
        await session.run(sql.renew, { namespace, instance, now, leaseUntil: now + leaseMs })
        await releases.takeBack(session, namespace, unnamed, now)
        hasTakenBack = unnamed.length > 0
        const { rows } = await session.run<HeldRow>(sql.held, { namespace, rows: namedRows(holding) })
        const held = new Set(rows.map(({ id }) => id))
        return {
          isAlive: true,
          lost: holding.filter(({ executionId }) => !held.has(executionId)).map(({ executionId }) => executionId),
          cancel: rows
            .filter((row) => row.cancel_requested_at !== null)
            .map((row) => ({ executionId: row.id, by: row.cancel_requested_by })),
          now,
        }
      }
      // Where all connections are in use there must be time for another try within the lease.
      const result = await context.transaction(beat, { timeoutMs: Math.floor(leaseMs / 3) })
      if (hasTakenBack) parts.starts.forget(namespace)
      return result
    },
  }
}

function namedRows(named: readonly NamedExecution[]): string {
  return rowsText(named.map(({ executionId: id, fence }) => ({ id, fence })))
}
