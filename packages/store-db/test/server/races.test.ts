import type { EnqueueResult, NewExecution } from '@escapement/core'
import { statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { run, spec } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

/** Calls that are under way at once. */
const CALLS = 8

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)
  let context: ServerContext
  let stores: readonly StoreRoles[]
  beforeAll(async () => {
    context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    stores = Array.from({ length: CALLS }, () => serverRoles(context)) // each as in a process of its own
  })

  const atOnce = <T>(call: (store: StoreRoles, index: number) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(stores.map(call))
  const enqueueOne = async (store: StoreRoles, given: Partial<NewExecution>): Promise<EnqueueResult> =>
    (await store.enqueue('n', [run(given)]))[0] as EnqueueResult

  it('rule 1: of those who enqueue under one key at once, one makes the execution and all are told it', async () => {
    for (let round = 0; round < 10; round++) {
      const results = await atOnce((store) => enqueueOne(store, { dedupeKey: `key:${round}`, queue: `q${round}` }))
      expect(new Set(results.map(({ id }) => id)).size).toBe(1)
      expect(results.filter(({ existing }) => !existing).length).toBe(1)
    }
  })

  it('rule 1: keys in any order meet without losing any', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `key:shared ${index}`)
    const answers = await atOnce((store, index) => {
      const mine = index % 2 === 0 ? keys : keys.toReversed()
      return store.enqueue(
        'n',
        mine.map((dedupeKey) => run({ dedupeKey })),
      )
    })
    expect(new Set(answers.flat().map(({ id }) => id)).size).toBe(keys.length)
    expect(answers.flat().filter(({ existing }) => !existing).length).toBe(keys.length)
  })

  it('rule 6: of those who register a new job at once, one does and the others are told of the conflict', async () => {
    const changes = ['new.a', 'new.b'].map((name) => ({
      job: { spec: { ...spec, name }, hash: name, version: null, hasHandler: true },
      expected: null,
      effectiveFrom: 1_000,
      nextTickAt: null,
    }))
    const results = await atOnce((store, index) =>
      store.changeDefinitions('n', index % 2 === 0 ? changes : changes.toReversed()),
    )
    expect(results.flat().toSorted()).toEqual(['applied', 'applied', ...Array(2 * CALLS - 2).fill('conflict')])
    expect((await (stores[0] as StoreRoles).jobStates('n', ['new.a', 'new.b'])).length).toBe(2)
  })

  it('rule 3, 18: of those who cancel at once one does; of those who retry then one makes the replacement', async () => {
    const { id } = await enqueueOne(stores[0] as StoreRoles, {})
    const cancelled = await atOnce((store) => store.cancel('n', id, 'user:ada'))
    expect(cancelled.toSorted()).toEqual([...Array(CALLS - 1).fill('already-ended'), 'cancelled'])
    const retried = await atOnce((store, index) => store.retry('n', id, `${id}-${index}`, null))
    expect(retried.map(({ result }) => result).toSorted()).toEqual(['created', ...Array(CALLS - 1).fill('existing')])
    expect(new Set(retried.map((one) => ('id' in one ? one.id : null))).size).toBe(1)
  })

  it('rule 12: a run that would not wait is skipped where the exclusive job is open', async () => {
    const [store] = stores as [StoreRoles]
    const exclusive = { job: 'exclusive', isExclusive: true, ifOpen: 'skip' } as const
    const first = await enqueueOne(store, exclusive)
    expect(first.status).toBe('scheduled')
    await context.run(statement(`UPDATE ${context.tables.unsettled} SET open_key = job WHERE id = :id`), {
      id: first.id,
    })
    const second = await enqueueOne(store, exclusive)
    const later = await enqueueOne(store, { ...exclusive, delayMs: 60_000 })
    expect([second.status, later.status]).toEqual(['skipped', 'scheduled'])
    expect((await store.execution('n', second.id))?.execution).toMatchObject({ status: 'skipped', reason: 'open' })
  })
})
