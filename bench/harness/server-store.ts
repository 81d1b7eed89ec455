import type { JobStore } from '@escapement/core'
import { openServer, type ServerSource } from '@escapement/db'
import { openServerContext } from '../../packages/store-db/src/server/open-server-context.ts'
import { serverRoles } from '../../packages/store-db/src/server/server-roles.ts'

/** A store on a server, which is polled. */
export async function serverStore(source: ServerSource): Promise<JobStore> {
  const database = openServer(source)
  const context = await openServerContext({ database, prefix: 'escapement_', migrate: 'auto' })
  const nothing = (): Promise<void> => Promise.resolve()
  return {
    ...serverRoles(context),
    capabilities: { shared: true, transactions: true, notify: false },
    open: nothing,
    close: nothing,
    now: () => context.server.now(),
    subscribe: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.asyncDispose]: nothing,
  }
}
