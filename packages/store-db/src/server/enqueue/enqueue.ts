import type { EnqueueStore } from '@escapement/core'
import type { QueueUse } from '../definitions/queue-use.ts'
import type { ServerInsertion } from '../insertion/insertion.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { enqueueSql } from './enqueue-sql.ts'
import { HostTransactions } from './host-transactions.ts'
import { retryExecution } from './retrying.ts'

/** What enqueueing shares with other roles. */
export interface EnqueueParts {
  readonly queueUse: QueueUse
  readonly insertion: ServerInsertion
}

/** What people and programs ask for, on a server. */
export function serverEnqueue(
  context: ServerContext,
  { queueUse, insertion }: EnqueueParts,
): Omit<EnqueueStore, 'cancel'> {
  const sql = statements(enqueueSql(context))
  const host = new HostTransactions(context.server.dialect, insertion, queueUse)

  return {
    async enqueue(namespace, executions, transaction) {
      if (transaction !== undefined) return await host.enqueue(namespace, executions, transaction)
      await queueUse.ensure(
        namespace,
        executions.map(({ queue }) => queue),
      )
      return await insertion.enqueue(namespace, executions)
    },

    retry: (namespace, id, newId, by) =>
      context.transaction((session) => retryExecution(session, sql, { namespace, id, newId, by })),
  }
}
