import type { RetryResult } from '@escapement/core'
import type { SqlSession } from '@escapement/db'
import { type ExecutionRow, visibleStatus } from '../../execution/execution-row.ts'
import type { Statements } from '../statements.ts'
import type { enqueueSql } from './enqueue-sql.ts'

type Sql = Statements<ReturnType<typeof enqueueSql>>
type Session = Pick<SqlSession, 'run'>
type AskedRow = Pick<ExecutionRow, 'id' | 'job' | 'status'>

/** What is asked for. */
export interface RetryRequest {
  readonly namespace: string
  readonly id: string
  readonly newId: string
  readonly by: string | null
}

/** Whether a status never changes any more (rule 3). */
function isTerminal(status: ExecutionRow['status']): boolean {
  return status !== 'scheduled' && status !== 'claimed' && status !== 'running'
}

/** Replaces a settled execution, or the end of the chain of its replacements (rule 3). */
export async function retryExecution(session: Session, sql: Sql, request: RetryRequest): Promise<RetryResult> {
  const { namespace, id, newId, by } = request
  const find = async (given: string): Promise<AskedRow | undefined> =>
    (await session.run<AskedRow>(sql.byId, { namespace, id: given })).rows[0]
  const asked = await find(id)
  if (asked === undefined) return { result: 'unknown' }
  if ((await find(newId)) !== undefined) return { result: 'existing', id: newId }
  let end = asked
  for (;;) {
    const next = await replacementOf(session, sql, namespace, end)
    if (next !== undefined) {
      if (next.id === newId) return { result: 'created', id: newId }
      end = next
    } else if (isTerminal(end.status)) {
      // Who asks at the same time may be first: the next look finds whose it is.
      const { affected } = await session.run(sql.replace, { namespace, id: end.id, newId, by })
      await session.run(sql.replaceUnsettled, { namespace, newId })
      if (affected === 0 && (await find(end.id)) === undefined) return { result: 'unknown' } // it was purged meanwhile
    } else {
      return end.id === id
        ? { result: 'not-ended', id, status: visibleStatus(end.status) }
        : { result: 'existing', id: end.id }
    }
  }
}

async function replacementOf(
  session: Session,
  sql: Sql,
  namespace: string,
  { id, job }: AskedRow,
): Promise<AskedRow | undefined> {
  return (await session.run<AskedRow>(sql.replacement, { namespace, key: `replaces:${id}`, job })).rows[0]
}
