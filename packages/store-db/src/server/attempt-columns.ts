import type { RowColumns } from './server-sql.ts'

/** What every record of an ended attempt has. */
export const ATTEMPT_COLUMNS: RowColumns = {
  execution_seq: 'integer',
  number: 'integer',
  instance: 'key',
  fence: 'integer',
  claimed_at: 'integer',
  started_at: 'integer',
  finished_at: 'integer',
}
