import type { JobStore } from '@escapement/core'
import { StoreStage, virtualRuntime } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { Looking } from '../../src/server/claiming/look.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { serverStores } from './contract-on-server.ts'

/** How often claims have looked since this was asked last. */
function looks(): number {
  const { calls } = looking.mock
  const count = calls.length
  looking.mockClear()
  return count
}
// oxlint-disable-next-line typescript/unbound-method -- called with the `this` of the call that it takes the place of
const realLook = Looking.prototype.look
const looking = vi.spyOn(Looking.prototype, 'look')

describeOnServers(['postgres'], (onServer) => {
  const runtime = virtualRuntime()
  const create = serverStores(onServer, serverRoles)
  let store: JobStore
  let stage: StoreStage
  let stages = 0
  beforeAll(async () => {
    store = await create({ runtime })
  })
  beforeEach(async () => {
    stage = new StoreStage(store, runtime, `case-${++stages}`)
    await stage.job()
    await stage.instance('a')
    await stage.claim('a')
    looks()
  })

  it('what this process has enqueued since a look that found nothing is taken without another one', async () => {
    const first = await stage.enqueue()
    const second = await stage.enqueue()
    expect((await stage.claim('a')).map(({ id }) => id)).toEqual([first.id, second.id])
    expect(looks()).toBe(0)
  })

  it('after a claim that has not looked the next one looks', async () => {
    await stage.enqueue()
    await stage.claim('a', { slots: 1 })
    await stage.enqueue()
    expect(await stage.claim('a')).toHaveLength(1)
    expect(looks()).toBe(1)
  })

  it('a claim that has not looked comes back within a second', async () => {
    await stage.enqueue()
    const { nextDueAt } = await stage.claimResult('a')
    expect(nextDueAt).toBeLessThanOrEqual(stage.now() + 1_000)
  })

  it('rule 10: a tick that has fallen due since the look goes before what was enqueued behind it', async () => {
    const [tick] = await stage.plan('report', [stage.now() + 1_000], { priority: 5 })
    await stage.claim('a')
    await stage.pass(990)
    await stage.enqueue()
    await stage.pass(10)
    expect((await stage.claim('a', { slots: 1 })).map(({ id }) => id)).toEqual([tick])
  })

  it('a look counts for five seconds', async () => {
    await stage.enqueue()
    await stage.pass(5_000)
    expect(await stage.claim('a')).toHaveLength(1)
    expect(looks()).toBe(1)
  })

  it.each([
    ['of two priorities', (at: StoreStage) => [at.run(), at.run({ priority: 3 })]],
    ['of a later instant', (at: StoreStage) => [at.run({ delayMs: 50 })]],
    ['of an exclusive job', (at: StoreStage) => [at.run({ isExclusive: true })]],
  ])('what is %s is looked for', async (_, runs) => {
    await stage.store.enqueue(stage.namespace, runs(stage))
    await stage.claim('a')
    expect(looks()).toBe(1)
  })

  it('what is there already is looked for', async () => {
    const key = { dedupeKey: 'key:once' }
    await stage.enqueue(key)
    await stage.settle('a', await stage.claimOne('a'))
    await stage.claim('a')
    looks()
    await stage.enqueue(key)
    expect(await stage.claim('a')).toEqual([])
    expect(looks()).toBe(1)
  })

  it('another instance, other handlers and other queues are looked for', async () => {
    await stage.instance('b')
    const asked = [
      () => stage.claim('b'),
      () => stage.claim('a', { jobs: ['report', 'other'] }),
      () =>
        stage.claim('a', {
          queues: [
            { queue: 'default', slots: 1, prefetch: 0 },
            { queue: 'mail', slots: 1, prefetch: 0 },
          ],
        }),
    ]
    for (const ask of asked) {
      await stage.claim('a')
      await stage.enqueue()
      looks()
      expect(await ask()).toHaveLength(1)
      expect(looks()).toBe(1)
    }
  })

  it.each([
    ['an enqueue of this process', (at: StoreStage) => at.enqueue({ priority: 5 })],
    ['a plan of this process', (at: StoreStage) => at.plan('report', [at.now()], { priority: 5 })],
  ])('rule 10: what %s has committed during a look goes before what is behind it', async (_, change) => {
    looking.mockImplementationOnce(async function (this: Looking, ...asked) {
      const seen = await realLook.apply(this, asked)
      await change(stage)
      return seen
    })
    await stage.claim('a')
    await stage.enqueue()
    expect(await stage.claim('a', { slots: 1 })).toMatchObject([{ priority: 5 }])
  })

  it.each([
    ['a plan', (at: StoreStage) => at.plan('report', [at.now() - 1])],
    ['a heartbeat', (at: StoreStage) => at.heartbeat('a')],
  ])('after %s of this process a claim looks', async (_, change) => {
    await stage.enqueue()
    await change(stage)
    await stage.claim('a')
    expect(looks()).toBe(1)
  })
})
