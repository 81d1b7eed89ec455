import type { JobStore } from '@escapement/core'
import { StoreStage, virtualRuntime } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { serverRoles } from '../../src/server/server-roles.ts'
import { serverStores } from './contract-on-server.ts'

/** Claims and settles until `total` executions have run; answers what was claimed, in order, and how often two of one guard overlapped. */
async function drain(
  stage: StoreStage,
  instances: readonly string[],
  total: number,
): Promise<{ readonly ids: readonly string[]; readonly overlaps: number }> {
  const ids: string[] = []
  const running = new Map<string, number>()
  let overlaps = 0
  await Promise.all(
    instances.map(async (instance) => {
      for (let passes = 0; ids.length < total && passes < 2_000; passes++) {
        const claimed = await stage.claim(instance, { slots: 7 })
        for (const { id, guardKey } of claimed) {
          ids.push(id)
          const held = (running.get(guardKey) ?? 0) + 1
          running.set(guardKey, held)
          if (held > 1) overlaps++
        }
        if (claimed.length === 0) continue
        for (const { guardKey } of claimed) running.set(guardKey, (running.get(guardKey) ?? 1) - 1)
        await stage.store.settle(
          stage.namespace,
          claimed.map((one) => stage.settlement(instance, one)),
        )
      }
    }),
  )
  return { ids, overlaps }
}

describeOnServers(['postgres', 'mariadb'], (onServer) => {
  const create = serverStores(onServer, serverRoles)
  const runtime = virtualRuntime()
  const instances = ['a', 'b', 'c', 'd', 'e', 'f']
  let store: JobStore
  beforeAll(async () => {
    store = await create({ runtime })
  })

  it('rules 1 and 20: instances that claim and settle at once take nothing twice, leave nothing, and meet no deadlock', async () => {
    const stage = new StoreStage(store, runtime, 'plain')
    await stage.job()
    for (const id of instances) await stage.instance(id)
    const ids = await stage.enqueueMany(400)
    const drained = await drain(stage, instances, ids.length)
    expect(drained.ids.toSorted()).toEqual(ids.toSorted())
  })

  it('rules 12 and 20: of exclusive jobs and single places never two run at once, however many claim', async () => {
    const stage = new StoreStage(store, runtime, 'exclusive')
    await stage.job({ overlap: 'queue-all' })
    await stage.job({ name: 'keyed' })
    for (const id of instances) await stage.instance(id)
    const exclusive = await stage.enqueueMany(30)
    const keyed = await stage.enqueueMany(30, { job: 'keyed', concurrencyKey: 'k', concurrencyLimit: 1 })
    const free = await stage.enqueueMany(60, { job: 'keyed' })
    const all = [...exclusive, ...keyed, ...free]
    const drained = await drain(stage, instances, all.length)
    expect(drained.ids.toSorted()).toEqual(all.toSorted())
    expect(drained.overlaps).toBe(0)
  })

  it('rule 11: ticks that fall due at one instant are judged and taken once by instances that claim at once', async () => {
    const stage = new StoreStage(store, runtime, 'ticks')
    const jobs = Array.from({ length: 40 }, (_, n) => `job-${n}`)
    for (const [n, name] of jobs.entries()) await stage.job({ name, overlap: n % 2 === 0 ? 'allow' : 'skip' })
    for (const id of instances) await stage.instance(id)
    const ids: string[] = []
    const at = stage.now() + 1_000
    for (const name of jobs) ids.push(...(await stage.plan(name, [at])))
    await stage.pass(1_000)
    const drained = await drain(stage, instances, ids.length)
    expect(drained.ids.toSorted()).toEqual(ids.toSorted())
    for (const name of jobs) expect(await stage.spans(name)).toEqual([])
  })

  it('rule 13: once a pause has resolved no tick of the job is claimed by claims under way', async () => {
    const stage = new StoreStage(store, runtime, 'paused')
    await stage.job()
    for (const id of instances) await stage.instance(id)
    const at = stage.now() + 1_000
    await stage.plan(
      'report',
      Array.from({ length: 50 }, (_, n) => at + n),
    )
    await stage.pass(1_100)
    await stage.claim('a', { slots: 0 }) // judged
    let isPaused = false
    const late: string[] = []
    const claiming = instances.map(async (instance) => {
      for (let passes = 0; passes < 6; passes++) {
        const wasPaused = isPaused
        const claimed = await stage.claim(instance, { slots: 1 })
        if (wasPaused) late.push(...claimed.map(({ id }) => id))
      }
    })
    const pause = { from: stage.now(), until: null, by: null, note: null }
    expect(await store.setPauses(stage.namespace, { kind: 'job', name: 'report' }, [], [pause])).toBe(true)
    isPaused = true
    await Promise.all(claiming)
    expect(late).toEqual([])
  })

  it('rule 13: nothing that can start is hidden behind what cannot, however much of it waits', async () => {
    const stage = new StoreStage(store, runtime, 'crowded')
    await stage.job()
    await stage.job({ name: 'foreign' })
    await stage.job({ name: 'line', overlap: 'queue-all' })
    await stage.job({ name: 'keyed' })
    await stage.instance('a')
    const jobs = ['report', 'line', 'keyed']
    const [open] = await stage.enqueueMany(1, { job: 'line' })
    const first = await stage.claimOne('a', { jobs })
    const early = await stage.enqueueMany(3)
    await stage.enqueueMany(1_200, { job: 'foreign' })
    await stage.enqueueMany(30, { job: 'line' })
    const keyed: string[] = []
    for (const key of ['k', 'K', 'k ']) {
      const given = { job: 'keyed', concurrencyKey: key, concurrencyLimit: 1 }
      keyed.push((await stage.enqueueMany(20, given))[0] as string)
    }
    await stage.settleForRetry('a', first, 0)
    const free = await stage.enqueueMany(10)
    const expected = [open as string, ...early, ...keyed, ...free]
    const claimed = await stage.claim('a', { slots: 20, jobs })
    expect(claimed.map(({ id }) => id).toSorted()).toEqual(expected.toSorted())
  })
})
