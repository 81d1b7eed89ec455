import type { Runtime } from '@escapement/base'
import type { JobStore } from '@escapement/core'
import { type SqlServer, type SqlValue, statement } from '@escapement/db'
import type { CreateJobStore } from '@escapement/testkit'
import type { OnServer } from '@escapement/testkit/vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerClock, ServerContext } from '../../src/server/server-context.ts'
import type { StoreRoles } from '../../src/server/server-roles.ts'
import { JOB_TABLES } from '../../src/table-names.ts'
import { openerFor } from './server-pools.ts'

/** Stands for the server's clock: one row, whose time the test sets. */
const clockTable = (server: SqlServer): string => server.table('escapement_test_clock')

/** The time of the table as the statements of the store read it. */
function tableClock(server: SqlServer): ServerClock {
  const table = clockTable(server)
  return { nowMs: `(SELECT now_ms FROM ${table})`, nowMicros: `(SELECT now_ms * 1000 FROM ${table})` }
}

/**
 * Makes stores for the contract: all on the same tables, emptied for each case, on the virtual clock of the case.
 *
 * @param rolesOf - The roles that the store has.
 */
export function serverStores({ kind, url }: OnServer, rolesOf: (context: ServerContext) => StoreRoles): CreateJobStore {
  const open = openerFor(kind)
  let opening: Promise<ServerContext> | undefined
  return async ({ runtime }) => {
    const context = await (opening ??= openOn(open, url()))
    for (const table of JOB_TABLES) await context.server.run(statement(`DELETE FROM ${context.tables[table]}`))
    const nothing = (): Promise<void> => Promise.resolve()
    const now = (): Promise<number> => Promise.resolve(runtime.now())
    const capabilities = { shared: true, transactions: true, notify: false }
    const subscribe = (): Disposable => ({ [Symbol.dispose]: () => undefined })
    const store = { ...rolesOf(context), capabilities, open: nothing, close: nothing, now, subscribe }
    return inVirtualTime(store as unknown as JobStore, context.server, runtime)
  }
}

async function openOn(open: ReturnType<typeof openerFor>, url: string): Promise<ServerContext> {
  const database = open(url)
  const server = await database.open()
  await server.session(async (session) => {
    await session.exec(`CREATE TABLE ${clockTable(server)} (now_ms BIGINT NOT NULL)${server.tableOptions}`)
    await session.exec(`INSERT INTO ${clockTable(server)} VALUES (0)`)
  })
  return await openServerContext({ database, prefix: 'escapement_', migrate: 'auto', clock: tableClock })
}

/** Sets the clock of the server to that of the case before each call. */
function inVirtualTime(store: JobStore, server: SqlServer, runtime: Runtime): JobStore {
  const set = statement(`UPDATE ${clockTable(server)} SET now_ms = :now`)
  let setting: { readonly to: number; readonly done: Promise<unknown> } | undefined
  return new Proxy(store, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || name === 'subscribe') return member
      return async (...args: readonly SqlValue[]): Promise<unknown> => {
        const now = runtime.now()
        if (setting?.to !== now) setting = { to: now, done: server.run(set, { now }) }
        await setting.done
        return Reflect.apply(member as () => unknown, target, args)
      }
    },
  })
}
