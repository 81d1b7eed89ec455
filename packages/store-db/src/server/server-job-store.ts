import type { Finding, JobStore, StoreCapabilities } from '@escapement/core'
import type { MigrateMode, PgNotify, ServerDatabase } from '@escapement/db'
import { Foresight } from './claiming/foresight.ts'
import { controlContext } from './control-context.ts'
import { hintingRoles } from './hints/hinting-roles.ts'
import { ServerHints } from './hints/server-hints.ts'
import { openServerContext } from './open-server-context.ts'
import { serverRoles } from './server-roles.ts'

/** What a store on a server is made of. */
export interface ServerJobStoreOptions {
  readonly database: ServerDatabase
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  readonly migrate: MigrateMode
  /** The same database by connections of their own, for heartbeats and settlements; null: those of `database`. */
  readonly control: ServerDatabase | null
  /** Only for PostgreSQL; null: changes of other processes are polled for. */
  readonly notify: PgNotify | null
}

/** Changes of other processes are heard of, or looked for by the store itself. */
export const SERVER_CAPABILITIES: StoreCapabilities = { shared: true, transactions: true, notify: true }

const NO_CONTROL: Finding = {
  code: 'no-control',
  severity: 'warning',
  message:
    'heartbeats and results use the pool of the application: handlers that use it up cost leases; pass dbStore(db, { control }), a pool of two connections for the same database',
}

/** Asks the server what it is, brings its tables up to date, and listens to what others change. */
export async function openServerJobStore(options: ServerJobStoreOptions): Promise<JobStore> {
  const { database, prefix, migrate, notify } = options
  const context = await openServerContext({ database, prefix, migrate })
  const control = options.control === null ? null : await controlContext(options.control, context, prefix)
  const foresight = new Foresight()
  const hints = new ServerHints({
    server: context.server,
    prefix,
    notify,
    changed: (namespace) => foresight.forget(namespace),
  })
  const roles = serverRoles(context, {
    ...(control === null ? {} : { control }),
    foresight,
    atHostCommit: (session, namespace) => hints.atCommit(session, namespace),
  })
  const close = (): Promise<void> => hints.close()
  return {
    ...hintingRoles(roles, hints, foresight),
    capabilities: SERVER_CAPABILITIES,
    open: () => Promise.resolve(),
    close,
    now: () => context.now(),
    subscribe: (namespace, listener) => hints.subscribe(namespace, listener),
    findings: () => [...hints.findings(), ...(control === null ? [NO_CONTROL] : [])],
    [Symbol.asyncDispose]: close,
  }
}
