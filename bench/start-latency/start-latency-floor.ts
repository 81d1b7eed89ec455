import { setTimeout as sleep } from 'node:timers/promises'
import { floorStore } from '../harness/floor-store.ts'

/** An INSERT and a claiming UPDATE, each with its own commit, on the store's tables. Milliseconds a sample. */
export async function startLatencyFloor(path: string, samples: number, pauseMs: number): Promise<readonly number[]> {
  using store = await floorStore(path, 'bench.no-op')
  const times: number[] = []
  for (let n = 0; n < samples; n++) {
    await sleep(pauseMs)
    const startedAt = performance.now()
    store.transact(() => store.insert(Date.now(), '{}'))
    store.transact(() => store.claim(Date.now(), 1))
    times.push(performance.now() - startedAt)
  }
  return times
}
