import { defineJob, StoreUnavailableError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, SECOND, START } from './cluster.ts'

test('what a pass of drain has seen is not lost on the loop, whenever a hint comes', async () => {
  await using cluster = new Cluster()
  let ran = 0
  const job = defineJob({ name: 'work', run: () => void ran++ })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(5 * SECOND)
  const enqueued = scheduler.enqueue(job, null, { delay: '300ms' })
  for (let turn = 0; turn < 40; turn++) {
    void scheduler.drain()
    await Promise.resolve()
  }
  await cluster.run(enqueued)
  await cluster.reach(6 * SECOND)
  expect(ran).toBe(1)
})

test('a claim that has failed is made again soon, however many slots become free meanwhile', async () => {
  let isAway = false
  let claims = 0
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...store,
      subscribe: () => ({ [Symbol.dispose]: () => undefined }), // it tells nobody what it has settled
      claim: (namespace, request) => {
        claims++
        if (isAway) return Promise.reject(new StoreUnavailableError('away'))
        return store.claim(namespace, request)
      },
    }),
  })
  const job = defineJob({
    name: 'work',
    overlap: 'allow',
    run: ({ input }) => cluster.runtime.sleep(input as number),
  })
  const { scheduler } = await cluster.start({ jobs: [job], concurrency: 30 })
  const inputs = Array.from({ length: 60 }, (_, n) => (n + 1) * 200)
  await cluster.run(scheduler.enqueueMany(job, inputs))
  await cluster.reach(100)
  isAway = true
  await cluster.reach(SECOND)
  claims = 0
  await cluster.reach(3 * SECOND)
  expect(claims).toBeGreaterThanOrEqual(7)
})

test('rule 10: what others seem to hold before its instant is looked for once more before it', async () => {
  const due = START + 10 * SECOND
  const claimedAt: number[] = []
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...store,
      capabilities: { ...store.capabilities, shared: true },
      claim: async (namespace, request) => {
        const result = await store.claim(namespace, { ...request, queues: [] })
        claimedAt.push(result.now - due)
        return { ...result, nextDueAt: result.now < due ? due : null }
      },
    }),
  })
  await cluster.start({ jobs: [] })
  await cluster.reach(11 * SECOND)
  expect(claimedAt.filter((ms) => ms > -100 && ms <= 0)).toEqual([-50, -25, 0])
})
