import type { ClaimedExecution } from '@escapement/core'
import { openServer, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, it } from 'vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { register, run } from '../job-stage.ts'
import { sourcesFor } from './server-pools.ts'

/** Rows and index entries that the one session has read so far. */
async function read({ server }: ServerContext): Promise<number> {
  const { rows } = await server.run<{ Variable_name: string; Value: string }>(
    statement(`SHOW SESSION STATUS LIKE 'Handler_read%'`),
  )
  return rows.reduce((sum, row) => sum + Number(row.Value), 0)
}

describeOnServers(['mariadb'], ({ kind, url }) => {
  const sources = sourcesFor(kind)
  const queues = [{ queue: 'default', slots: 1, prefetch: 0 }]
  const handlers = new Set(['job'])
  let token = 0
  const claim = async (store: StoreRoles, namespace: string): Promise<readonly ClaimedExecution[]> => {
    const request = { instance: 'i', token: ++token, isRepeat: false, queues, aheadMs: 0, handlers }
    return (await store.claim(namespace, request)).executions
  }

  it('a claim reads as little of a long queue as of a short one, at however many priorities it waits', async () => {
    const context = await openServerContext({
      database: openServer(sources.pool(url(), 1)),
      prefix: 'escapement_',
      migrate: 'auto',
    })
    const store = serverRoles(context)
    const reads: number[] = []
    for (const [namespace, length] of [
      ['short', 6],
      ['long', 3_000],
    ] as const) {
      await register(store, namespace, 'i')
      await store.enqueue(
        namespace,
        Array.from({ length }, (_, n) => run({ priority: n % 3 })),
      )
      expect(await claim(store, namespace)).toEqual([expect.objectContaining({ priority: 2 })])
      const before = await read(context)
      expect(await claim(store, namespace)).toEqual([expect.objectContaining({ priority: 2 })])
      reads.push((await read(context)) - before)
    }
    const [short = 0, long = 0] = reads
    expect(long).toBeLessThan(1.5 * short)
  })

  it('what waits at priorities that were never seen is found at once, above, between and below those that were', async () => {
    const context = await openServerContext({
      database: openServer(sources.pool(url())),
      prefix: 'escapement_',
      migrate: 'auto',
    })
    const store = serverRoles(context)
    await register(store, 'new', 'i')
    for (const priority of [0, 10, -10, 5, 100, -100]) {
      await store.enqueue('new', [run({ priority })])
      expect(await claim(store, 'new')).toEqual([expect.objectContaining({ priority })])
    }
    await store.enqueue(
      'new',
      Array.from({ length: 50 }, (_, priority) => run({ priority: priority - 25 })),
    )
    for (let priority = 24; priority >= -25; priority--) {
      expect(await claim(store, 'new')).toEqual([expect.objectContaining({ priority })])
    }
  })
})
