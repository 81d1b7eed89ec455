import { setTimeout as sleep } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import type { DispatchTimes } from './scheduler-dispatch.ts'

/** Enqueues `count` jobs that do nothing, then starts a worker and waits until the database knows of none to be settled. */
export async function peerDispatch(peer: Peer, url: string, count: number): Promise<DispatchTimes> {
  await using queue = await peer.open(url)
  const inputs = Array.from({ length: count }, (_, n) => ({ n }))
  let starts = 0
  const allStarted = Promise.withResolvers<void>()
  const startedAt = performance.now()
  await queue.enqueueMany(inputs)
  const enqueuedAt = performance.now()
  await queue.work(() => {
    if (++starts === count) allStarted.resolve()
  })
  await allStarted.promise
  while (!(await queue.isDrained())) await sleep(1)
  return { enqueueMs: enqueuedAt - startedAt, drainMs: performance.now() - enqueuedAt }
}
