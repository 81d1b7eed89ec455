import { defineJob } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

test('handlers that end in the same turn are settled together, and make room together', async () => {
  const claimed: number[] = []
  const settled: number[] = []
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...store,
      claim: async (namespace, request) => {
        const result = await store.claim(namespace, request)
        if (result.executions.length > 0) claimed.push(result.executions.length)
        return result
      },
      settle: (namespace, settlements) => {
        settled.push(settlements.length)
        return store.settle(namespace, settlements)
      },
    }),
  })
  const job = defineJob({ name: 'work', overlap: 'allow', run: () => undefined })
  const { scheduler } = await cluster.start({ jobs: [job], concurrency: 4 })
  await cluster.run(scheduler.enqueueMany(job, Array(300).fill(null)))
  await cluster.run(scheduler.drain())
  expect(claimed).toEqual([4, 100, 100, 96])
  expect(settled).toEqual(claimed)
})

test('while work at hand waits for a slot, passes for hints take no more than half of the time', async () => {
  let claims = 0
  let isLong = false
  await using cluster = new Cluster({
    wrap: (store) => ({
      ...store,
      claim: async (namespace, request) => {
        claims++
        await cluster.runtime.sleep(isLong ? 40 : 0)
        return store.claim(namespace, request)
      },
    }),
  })
  const job = defineJob({ name: 'work', overlap: 'allow', run: () => cluster.runtime.sleep(isLong ? MINUTE : 1) })
  const { scheduler } = await cluster.start({ jobs: [job], concurrency: 1 })
  await cluster.run(scheduler.enqueueMany(job, Array(10).fill(null)))
  await cluster.reach(SECOND)
  isLong = true
  await cluster.run(scheduler.enqueueMany(job, Array(3).fill(null)))
  await cluster.reach(SECOND + 100)
  claims = 0
  for (let ms = 1; ms <= 800; ms++) {
    await scheduler.poke()
    await cluster.reach(SECOND + 100 + ms)
  }
  expect(claims).toBe(10)
})
