import { mysqlFault } from '../mysql/mysql-fault.ts'
import { postgresFault } from '../postgres/postgres-fault.ts'
import { typedError } from './server-fault.ts'
import type { ServerDialect } from './sql-server.ts'

/**
 * An error of a statement that ran in a transaction of the host (rule 24) as one of ours: the transaction is the host's
 * to run again when it is `retryable`. What has no kind is passed through.
 */
export function hostTransactionError(error: unknown, dialect: ServerDialect): unknown {
  return typedError(error, dialect === 'postgres' ? postgresFault : mysqlFault, "the host's transaction")
}
