import type { JobStore } from '@escapement/core'
import { StoreStage, virtualRuntime } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it, vi } from 'vitest'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { serverStores } from './contract-on-server.ts'

/** Counts the statements of a context, without BEGIN and COMMIT. */
function countStatements(context: ServerContext): { taken(): number } {
  let count = 0
  const run = context.run.bind(context)
  const transaction = context.transaction.bind(context)
  vi.spyOn(context, 'run').mockImplementation((...given) => {
    count++
    return run(...given)
  })
  vi.spyOn(context, 'transaction').mockImplementation((work) =>
    transaction((session) =>
      work({
        exec: (text) => session.exec(text),
        run: (...given) => {
          count++
          return session.run(...given)
        },
      }),
    ),
  )
  return {
    taken() {
      const now = count
      count = 0
      return now
    },
  }
}

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  let counter: ReturnType<typeof countStatements> | undefined
  const create = serverStores(onServer, (context, options) => {
    counter = countStatements(context)
    return serverRoles(context, options)
  })
  const runtime = virtualRuntime()
  let store: JobStore
  beforeAll(async () => {
    store = await create({ runtime })
  })
  const taken = (): number => counter?.taken() ?? 0

  it('a claim costs the same few statements however many rows it takes, one when there is nothing to take', async () => {
    for (const count of [1, 300]) {
      const stage = new StoreStage(store, runtime, `runs-${count}`)
      await stage.job()
      await stage.instance('a')
      taken()
      await stage.claim('a', { slots: count })
      expect(taken()).toBe(1)
      await stage.enqueueMany(count)
      taken()
      // On PostgreSQL the first claim finds out how much waits, and knows where: nothing else has happened since the last look.
      const [most, statements] = onServer.kind === 'postgres' ? [50, 2] : [count, 6] // look, instance, queue, rows, jobs, take
      expect(await stage.claim('a', { slots: count })).toHaveLength(Math.min(count, most))
      expect(taken()).toBe(onServer.kind === 'postgres' ? 1 : statements)
      const rest = Math.max(0, count - most)
      expect(await stage.claim('a', { slots: count })).toHaveLength(rest)
      expect(taken()).toBe(rest === 0 ? 1 : statements)
      await stage.plan(
        'report',
        Array.from({ length: Math.min(count, 100) }, (_, n) => stage.now() + 1 + (n % 40)),
        { dedupeKey: null },
      )
      taken()
      expect(await stage.claim('a', { slots: count, aheadMs: 50 })).toHaveLength(Math.min(count, 100))
      expect(taken()).toBe(6)
    }
  })
})
