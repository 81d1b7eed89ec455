import { defineJob, type JobStore, StoreUnavailableError } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, MINUTE, SECOND } from './cluster.ts'

test('rule 15: a heartbeat whose reply comes late grants no more than what was asked for when it was sent', async () => {
  let beats = 0
  await using cluster = new Cluster({
    wrap: (store): JobStore => ({
      ...store,
      heartbeat: async (namespace, request) => {
        if (++beats > 1) throw new StoreUnavailableError('cut off')
        const result = await store.heartbeat(namespace, request)
        await cluster.runtime.sleep(8 * SECOND)
        return result
      },
    }),
  })
  let abortedAt = Number.NaN
  const long = defineJob({
    name: 'long',
    run: async ({ signal }) => {
      signal.addEventListener('abort', () => (abortedAt = cluster.elapsed))
      await cluster.runtime.sleep(10 * MINUTE)
    },
  })
  const { scheduler } = await cluster.start({ jobs: [long], lease: '30s' })
  await cluster.run(scheduler.enqueue(long))
  await cluster.reach(2 * MINUTE)
  // The one heartbeat went out at 10 s: the store keeps the lease until 40 s.
  expect(abortedAt).toBeGreaterThan(30 * SECOND)
  expect(abortedAt).toBeLessThan(40 * SECOND)
})
