import type { EnqueueResult, EnqueueStore, ExecutionStatus, NewExecution, RetryResult } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { visibleStatus } from '../execution/execution-row.ts'
import type { EndingRow } from '../settle/ending-row.ts'
import { SqliteEndings } from './ending.ts'
import { enqueueSql } from './enqueue-sql.ts'
import { HostTransactions } from './host-transactions.ts'
import { SqliteInsertion } from './insertion.ts'
import type { SqliteContext } from './sqlite-context.ts'

type StoredStatus = ExecutionStatus | 'claimed'
type AskedRow = EndingRow & { readonly status: StoredStatus }

/** What people and programs ask for, on SQLite. */
export function sqliteEnqueue(context: SqliteContext): EnqueueStore {
  const sql = enqueueSql(context.tables)
  const endings = new SqliteEndings(context.tables)
  const insertion = new SqliteInsertion(context.tables)
  const host = new HostTransactions(context)

  const enqueueOne = (session: SqliteSession, namespace: string, given: NewExecution, now: number): EnqueueResult => {
    // A run that would not wait is judged at once where it is due; a claim pass judges the others.
    const mayBeSkipped = given.isExclusive && given.ifOpen === 'skip' && (given.dueAt ?? now + given.delayMs) <= now
    const isOccupied = mayBeSkipped && session.get(sql.isOpen, [namespace, given.job, given.job]) !== undefined
    if (insertion.insert(session, namespace, given, now)) {
      if (!isOccupied) return { id: given.id, status: 'scheduled', existing: false }
      const row = session.get<AskedRow>(sql.ending, [namespace, given.id]) as AskedRow
      endings.finish(session, namespace, row, { status: 'skipped', reason: 'open', finishedAt: now })
      return { id: given.id, status: 'skipped', existing: false }
    }
    const known =
      session.get<{ id: string; status: StoredStatus }>(sql.byId, [namespace, given.id]) ??
      session.get<{ id: string; status: StoredStatus }>(sql.byIdentity, [namespace, given.dedupeKey, given.job])
    return { id: known?.id ?? given.id, status: visibleStatus(known?.status ?? 'scheduled'), existing: true }
  }

  const retryOne = (
    session: SqliteSession,
    namespace: string,
    id: string,
    newId: string,
    by: string | null,
    now: number,
  ) => {
    const asked = session.get<AskedRow>(sql.ending, [namespace, id])
    if (asked === undefined) return { result: 'unknown' } as const
    if (session.get(sql.byId, [namespace, newId]) !== undefined) return { result: 'existing', id: newId } as const
    let end = asked
    for (;;) {
      const next = session.get<{ id: string }>(sql.replacement, [namespace, end.id, end.job])
      if (next === undefined) break
      end = session.get<AskedRow>(sql.ending, [namespace, next.id]) as AskedRow
    }
    if (!isTerminal(end.status)) {
      return end.id === id
        ? ({ result: 'not-ended', id, status: visibleStatus(end.status) } as const)
        : ({ result: 'existing', id: end.id } as const)
    }
    session.run(sql.replace, [newId, now, now, now, by, namespace, end.id])
    return { result: 'created', id: newId } as const
  }

  return {
    async enqueue(namespace, executions, transaction) {
      if (transaction !== undefined) return host.enqueue(namespace, executions, transaction)
      return context.write((session) => {
        const now = context.now()
        insertion.useQueues(session, namespace, executions)
        return executions.map((execution) => enqueueOne(session, namespace, execution, now))
      })
    },

    cancel: (namespace, executionId, by) =>
      context.write((session) => {
        const row = session.get<AskedRow>(sql.ending, [namespace, executionId])
        if (row === undefined) return 'unknown'
        if (isTerminal(row.status)) return 'already-ended'
        const now = context.now()
        session.run(sql.requestCancel, [now, by, row.seq])
        if (row.status !== 'scheduled') return 'requested'
        endings.finish(session, namespace, row, { status: 'cancelled', reason: null, finishedAt: now })
        return 'cancelled'
      }),

    retry: (namespace, executionId, newId, by) =>
      context.write((session): RetryResult => retryOne(session, namespace, executionId, newId, by, context.now())),
  }
}

function isTerminal(status: StoredStatus): boolean {
  return status !== 'scheduled' && status !== 'claimed' && status !== 'running'
}
