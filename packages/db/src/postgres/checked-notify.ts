import { InvalidOptionError } from '@escapement/base'
import type { ServerDatabase } from '../server/server-database.ts'
import { PgNotify } from './pg-notify.ts'

/**
 * Checks the option `notify` of something that is kept in `database`; null when it is not given.
 *
 * @throws {@link InvalidOptionError} when it is not what {@link pgNotify} makes, or the database is not PostgreSQL.
 */
export function checkedNotify(database: ServerDatabase, notify: PgNotify | undefined): PgNotify | null {
  if (notify === undefined) return null
  if (!(notify instanceof PgNotify))
    throw new InvalidOptionError('notify is not what pgNotify(() => new pg.Client(url)) returns')
  if (database.family === 'postgres') return notify
  throw new InvalidOptionError(
    'notify is for PostgreSQL; MySQL and MariaDB have no notifications and are looked at again and again: leave it out',
  )
}
