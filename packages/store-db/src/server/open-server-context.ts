import { type MigrateMode, migrateServer, type ServerDatabase, type SqlServer } from '@escapement/db'
import { storeError } from '../error/store-error.ts'
import { JOB_TABLES } from '../table-names.ts'
import { serverMigrations } from './schema/server-migrations.ts'
import { type ServerClock, ServerContext } from './server-context.ts'

/** What a store on a server is made of. */
export interface OpenServerContextOptions {
  readonly database: ServerDatabase
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  readonly migrate: MigrateMode
  /** Another clock than the server's, for tests in virtual time. */
  readonly clock?: (server: SqlServer) => ServerClock
}

/** Asks the server what it is and brings its tables up to date. */
export async function openServerContext(options: OpenServerContextOptions): Promise<ServerContext> {
  const { database, prefix, migrate, clock } = options
  try {
    const server = await database.open()
    const context = new ServerContext({ server, prefix, ...(clock === undefined ? {} : { clock: clock(server) }) })
    await migrateServer(server, {
      component: 'jobs',
      migrations: serverMigrations(server, context.tables),
      prefix,
      tables: JOB_TABLES,
      mode: migrate,
      script: scriptOf(server, prefix),
    })
    return context
  } catch (error) {
    throw storeError(error)
  }
}

/** Makes and migrates the tables of the database that it is given. */
function scriptOf(server: SqlServer, prefix: string): string {
  const [pool, library] =
    server.dialect === 'postgres'
      ? ['new library.Pool({ connectionString: process.env.DATABASE_URL })', 'pg']
      : ['library.createPool(process.env.DATABASE_URL)', 'mysql2/promise']
  const place = server.dialect === 'postgres' ? `, schema: ${quotedName(server.schema)}` : ''
  return `import library from '${library}'; import { dbStore } from '@escapement/store-db'; const pool = ${pool}; const store = dbStore(pool, { prefix: '${prefix}'${place} }); await store.open(); await store.close(); await pool.end()`
}

/** A name as an expression that means the same between the double quotes of a shell, whatever it consists of. */
function quotedName(name: string): string {
  if (/^\w+$/.test(name)) return `'${name}'`
  return `decodeURIComponent('${encodeURIComponent(name).replaceAll("'", '%27')}')`
}
