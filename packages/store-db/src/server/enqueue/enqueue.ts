import type { CancelResult, EnqueueResult, EnqueueStore, NewExecution } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import type { ExecutionRow } from '../../execution/execution-row.ts'
import type { QueueUse } from '../definitions/queue-use.ts'
import { endingRowOf } from '../ending/ending-columns.ts'
import type { ServerEndings } from '../ending/endings.ts'
import type { ServerInsertion } from '../insertion/insertion.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { enqueueSql } from './enqueue-sql.ts'
import { type AtHostCommit, HostTransactions } from './host-transactions.ts'
import { retryExecution } from './retrying.ts'

/** What enqueueing shares with other roles. */
export interface EnqueueParts {
  readonly queueUse: QueueUse
  readonly insertion: ServerInsertion
  readonly endings: ServerEndings
  readonly atHostCommit: AtHostCommit
}

interface TimedRow {
  readonly now: unknown
}

type AskedRow = TimedRow & Pick<ExecutionRow, 'status'>

/** What people and programs ask for, on a server. */
export function serverEnqueue(context: ServerContext, parts: EnqueueParts): EnqueueStore {
  const { queueUse, insertion, endings } = parts
  const sql = statements(enqueueSql(context))
  const host = new HostTransactions(context.server.dialect, parts)

  /** What is due and would not wait is judged at once; a claim pass judges the others. */
  const enqueueImpatient = async (
    session: SqlSession,
    namespace: string,
    executions: readonly NewExecution[],
  ): Promise<readonly EnqueueResult[]> => {
    const results = await insertion.enqueueWithin(session, namespace, executions)
    const ids = results.filter(({ existing }) => !existing).map(({ id }) => id)
    const { rows } = await session.run<TimedRow>(sql.occupied, { namespace, ids })
    const skipped = rows.map((row) => ({
      row: endingRowOf(row),
      status: 'skipped' as const,
      reason: 'open' as const,
      finishedAt: integerOf(row.now),
    }))
    await endings.finish(session, namespace, skipped)
    const gone = new Set(skipped.map(({ row }) => row.id))
    return results.map((result) => (gone.has(result.id) ? { ...result, status: 'skipped' } : result))
  }

  const cancel = async (
    session: SqlSession,
    namespace: string,
    id: string,
    by: string | null,
  ): Promise<CancelResult> => {
    const [found] = (await session.run<AskedRow>(sql.lock, { namespace, id })).rows
    if (found === undefined) {
      const { rows } = await session.run(sql.byId, { namespace, id })
      return rows.length === 0 ? 'unknown' : 'already-ended'
    }
    const [row, now] = [endingRowOf(found), integerOf(found.now)]
    await session.run(sql.requestCancel, { seq: row.seq, now, by })
    if (found.status !== 'scheduled') return 'requested'
    await endings.finish(session, namespace, [{ row, status: 'cancelled', reason: null, finishedAt: now }])
    return 'cancelled'
  }

  return {
    async enqueue(namespace, executions, transaction) {
      if (transaction !== undefined) return await host.enqueue(namespace, executions, transaction)
      await queueUse.ensure(
        namespace,
        executions.map(({ queue }) => queue),
      )
      const isImpatient = executions.some(({ isExclusive, ifOpen }) => isExclusive && ifOpen === 'skip')
      if (!isImpatient) return await insertion.enqueue(namespace, executions)
      return await context.transaction((session) => enqueueImpatient(session, namespace, executions))
    },

    cancel: (namespace, id, by) => context.transaction((session) => cancel(session, namespace, id, by)),

    retry: (namespace, id, newId, by) =>
      context.transaction((session) => retryExecution(session, sql, { namespace, id, newId, by })),
  }
}
