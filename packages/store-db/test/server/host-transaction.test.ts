import { integerOf, sqlTransaction, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { run } from '../job-stage.ts'
import { HOST_LIBRARIES, type HostLibrary } from './host-libraries.ts'
import { openerFor } from './server-pools.ts'

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)
  let context: ServerContext
  let store: StoreRoles
  let orders: string
  beforeAll(async () => {
    context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    store = serverRoles(context)
    orders = context.server.table('orders')
    await context.server.session((session) => session.exec(`CREATE TABLE ${orders} (id BIGINT)`))
  })
  const ordersLike = async (id: number): Promise<number> => {
    const count = statement(`SELECT COUNT(*) AS n FROM ${orders} WHERE id = :id`)
    return integerOf((await context.run<{ n: unknown }>(count, { id })).rows[0]?.n)
  }

  describe.each(Object.keys(HOST_LIBRARIES))('by %s', (name) => {
    let library: HostLibrary
    beforeAll(() => {
      library = (HOST_LIBRARIES[name] as (typeof HOST_LIBRARIES)[string])(kind, url())
    })
    afterAll(() => library.end())
    const insertOrder = (id: number): string => `INSERT INTO ${orders} (id) VALUES (${id})`

    it('rule 24: commit makes both the row and the execution, rollback neither', async () => {
      const [kept, lost] = [
        run({ queue: `kept by ${name}`, input: '"ä \\u0000 😀"' }),
        run({ queue: `lost by ${name}` }),
      ]
      const id = name.length * 100
      await library.transact(async ({ transaction, write }) => {
        await write(insertOrder(id))
        expect(await store.enqueue('n', [kept], transaction)).toEqual([
          { id: kept.id, status: 'scheduled', existing: false },
        ])
        expect(await store.execution('n', kept.id)).toBeNull()
      })
      const failed = library.transact(async ({ transaction, write }) => {
        await write(insertOrder(id + 1))
        await store.enqueue('n', [lost], transaction)
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      expect((await store.execution('n', kept.id))?.execution).toMatchObject({ status: 'scheduled', input: kept.input })
      expect(await store.execution('n', lost.id)).toBeNull()
      expect([await ordersLike(id), await ordersLike(id + 1)]).toEqual([1, 0])
      const queues = (await store.queueStates('n')).map((queue) => queue.name)
      expect([queues.includes(kept.queue), queues.includes(lost.queue)]).toEqual([true, false])
    })

    it('rule 24: a key that exists is answered with its execution and does not spoil the transaction', async () => {
      const dedupeKey = `key:${name}`
      const [first] = await store.enqueue('n', [run({ dedupeKey })])
      const fresh = run({ dedupeKey: `${dedupeKey} ` })
      const id = name.length * 100 + 2
      await library.transact(async ({ transaction, write }) => {
        const results = await store.enqueue('n', [run({ dedupeKey }), fresh, fresh], transaction)
        expect(results.map((result) => [result.id, result.existing])).toEqual([
          [first?.id, true],
          [fresh.id, false],
          [fresh.id, true],
        ])
        await write(insertOrder(id))
      })
      expect(await ordersLike(id)).toBe(1)
      expect((await store.execution('n', fresh.id))?.execution.key).toBe(`${name} `)
    })

    it('rule 24: takes a thousand at once', async () => {
      const executions = Array.from({ length: 1_000 }, () => run({ job: `many-${name.length}` }))
      await library.transact(async ({ transaction }) => {
        const results = await store.enqueue('n', executions, transaction)
        expect(results.filter(({ existing }) => !existing).length).toBe(1_000)
      })
      expect(await store.countExecutions('n', { jobs: [`many-${name.length}`] }, 2_000)).toBe(1_000)
    })
  })

  it('rule 24: a key that was committed behind the snapshot of the host is met, or the error is one to retry', async () => {
    const library = (HOST_LIBRARIES['the bare driver'] as (typeof HOST_LIBRARIES)[string])(kind, url())
    const dedupeKey = 'key:behind'
    const results = library.transact(async ({ transaction, write }) => {
      if (kind === 'postgres') await write('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      await write(`SELECT * FROM ${orders}`) // the snapshot
      const [first] = await store.enqueue('n', [run({ dedupeKey })])
      expect(await store.enqueue('n', [run({ dedupeKey })], transaction)).toEqual([{ ...first, existing: true }])
    })
    const outcome = results.then(
      () => 'met',
      (error: unknown) => ((error as { retryable?: unknown }).retryable === true ? 'to retry' : error),
    )
    expect(await outcome).toBe(kind === 'postgres' ? 'to retry' : 'met')
    await library.end()
  })

  it('rule 24: refuses a transaction of another dialect, and what is none', async () => {
    const sqlite = sqlTransaction(async () => [], { dialect: 'sqlite' })
    await expect(store.enqueue('n', [run()], sqlite)).rejects.toThrow(/of dialect "sqlite"/)
    await expect(store.enqueue('n', [run()], { query: () => [] })).rejects.toThrow(/neither a Kysely Transaction/)
    await expect(store.enqueue('n', [run()], {})).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' })
  })
})
