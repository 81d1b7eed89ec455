import type { Logger } from '@escapement/base'
import { openMysql } from './open-mysql.ts'
import { openPostgres } from './open-postgres.ts'
import { openSqliteFile } from './open-sqlite-file.ts'
import type { OpenedDatabase } from './opened-database.ts'

/** Where the service keeps its data: a file, or the URL of a server with its password. */
export type DatabaseAddress =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres' | 'mysql'; readonly url: string }

/**
 * Opens the database of the service; a server is first asked for something by `createTables`.
 *
 * @throws Error that names the file when it cannot be opened.
 */
export function openDatabase(address: DatabaseAddress, logger: Logger): OpenedDatabase {
  switch (address.kind) {
    case 'sqlite':
      return openSqliteFile(address.file, logger)
    case 'postgres':
      return openPostgres(address.url, logger)
    case 'mysql':
      return openMysql(address.url, logger)
  }
}
