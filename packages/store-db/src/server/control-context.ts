import { InvalidOptionError } from '@escapement/base'
import { type ServerDatabase, type Statement, statement } from '@escapement/db'
import { storeError } from '../error/store-error.ts'
import { JOB_TABLES } from '../table-names.ts'
import { ServerContext } from './server-context.ts'

const DATABASE_OF: Readonly<Record<ServerDatabase['family'], Statement>> = {
  postgres: statement('SELECT current_database() AS name'),
  mysql: statement('SELECT DATABASE() AS name'),
}

/**
 * The tables of `context`, which are up to date, by connections of their own (rule 15).
 *
 * @throws {@link InvalidOptionError} when they lead to another database: leases would be renewed where nobody looks.
 * @throws {@link DatabaseUnusableError} when their user has not all rights: nothing that ends could be recorded.
 */
export async function controlContext(
  control: ServerDatabase,
  context: ServerContext,
  prefix: string,
): Promise<ServerContext> {
  const server = await typed(() => control.open())
  const controlling = new ServerContext({ server, prefix })
  const [theirs, ours] = await Promise.all([placeOf(controlling), placeOf(context)])
  if (theirs !== ours) {
    throw new InvalidOptionError(
      `control uses ${theirs} and the store ${ours}; pass as control another pool for the same database (with openServer where the schema has to be named)`,
    )
  }
  const tables = JOB_TABLES.map((name) => prefix + name)
  await typed(() => server.family.checkRights(server, tables))
  return controlling
}

/** Errors of the database as the port promises them. */
async function typed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}

async function placeOf(context: ServerContext): Promise<string> {
  const database = context.server.dialect === 'postgres' ? DATABASE_OF.postgres : DATABASE_OF.mysql
  const [row] = (await context.run<{ name: string }>(database)).rows
  const { dialect, schema, version } = context.server
  return `database "${row?.name}", schema "${schema}", of ${dialect} ${version}`
}
