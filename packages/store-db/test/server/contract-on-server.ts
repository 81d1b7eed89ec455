import type { Runtime } from '@escapement/base'
import type { Hint, JobStore } from '@escapement/core'
import { type SqlServer, type SqlValue, statement } from '@escapement/db'
import type { CreateJobStore } from '@escapement/testkit'
import type { OnServer } from '@escapement/testkit/vitest'
import { Foresight } from '../../src/server/claiming/foresight.ts'
import { type Announcer, hintingRoles } from '../../src/server/hints/hinting-roles.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerClock, ServerContext } from '../../src/server/server-context.ts'
import { SERVER_CAPABILITIES } from '../../src/server/server-job-store.ts'
import type { ServerRolesOptions, StoreRoles } from '../../src/server/server-roles.ts'
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
export function serverStores(
  { kind, url }: OnServer,
  rolesOf: (context: ServerContext, options: ServerRolesOptions) => StoreRoles,
): CreateJobStore {
  const open = openerFor(kind)
  let opening: Promise<ServerContext> | undefined
  return async ({ runtime }) => {
    const context = await (opening ??= openOn(open, url()))
    for (const table of JOB_TABLES) await context.server.run(statement(`DELETE FROM ${context.tables[table]}`))
    const hints = new OwnHints()
    const foresight = new Foresight()
    const store = {
      ...hintingRoles(rolesOf(context, { foresight }), hints, foresight),
      capabilities: SERVER_CAPABILITIES,
      open: () => Promise.resolve(),
      close: () => Promise.resolve(),
      now: () => Promise.resolve(runtime.now()),
      subscribe: hints.subscribe.bind(hints),
    }
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

/**
 * Hints of a store to those who share it. Schedulers of a case do, so none of them has to poll, which would be most of what
 * a case costs; how other processes hear of changes has tests of its own.
 */
class OwnHints implements Announcer {
  readonly #listeners = new Set<readonly [namespace: string, listener: (hint: Hint) => void]>()

  subscribe(namespace: string, listener: (hint: Hint) => void): Disposable {
    const entry = [namespace, listener] as const
    this.#listeners.add(entry)
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) }
  }

  everywhere(namespace: string, hint: Hint): void {
    for (const [theirs, listener] of this.#listeners) if (theirs === namespace) listener(hint)
  }

  here(namespace: string, hint: Hint): void {
    this.everywhere(namespace, hint)
  }
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
