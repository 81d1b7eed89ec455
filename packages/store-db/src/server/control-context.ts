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
  const controlling = await contextOf(control, prefix)
  const [theirs, ours] = await Promise.all([placeOf(controlling), placeOf(context)])
  if (theirs !== ours) {
    throw new InvalidOptionError(
      `control uses ${theirs} and the store ${ours}; pass as control another pool for the same database (with openServer where the schema has to be named)`,
    )
  }
  await checkRights(control, prefix)
  return controlling
}

async function contextOf(control: ServerDatabase, prefix: string): Promise<ServerContext> {
  try {
    return new ServerContext({ server: await control.open(), prefix })
  } catch (error) {
    throw storeError(error)
  }
}

async function checkRights(control: ServerDatabase, prefix: string): Promise<void> {
  try {
    const server = await control.open()
    await server.family.checkRights(
      server,
      JOB_TABLES.map((name) => prefix + name),
    )
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
