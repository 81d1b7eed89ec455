import { type FloorRow, floorStore } from '../harness/floor-store.ts'
import type { DispatchTimes } from './scheduler-dispatch.ts'

/** Rows in one INSERT transaction, as `enqueueMany` writes them. */
const ENQUEUE_BATCH = 1_000
/** As many as a scheduler at concurrency 20 may hold: 20 that run and 80 taken ahead. */
const CLAIM_BATCH = 100

/**
 * The least that enqueues and runs jobs that do nothing on the store's own tables: no checks, no events, no leases, no
 * second instance, but the same rows, the same indexes and the same durability. One transaction a batch, which settles
 * the batch before and claims the next.
 */
export async function dispatchFloor(path: string, count: number, history: 'all' | 'none'): Promise<DispatchTimes> {
  using store = await floorStore(path, 'bench.no-op')
  const startedAt = performance.now()
  for (let first = 0; first < count; first += ENQUEUE_BATCH) {
    store.transact(() => {
      for (let n = first; n < Math.min(count, first + ENQUEUE_BATCH); n++)
        store.insert(Date.now(), JSON.stringify({ n }))
    })
  }
  const enqueuedAt = performance.now()
  for (let claimed: readonly FloorRow[] | undefined; claimed?.length !== 0; ) {
    const ended = claimed ?? []
    claimed = store.transact(() => {
      const now = Date.now()
      if (ended.length > 0) store.settle(ended, now, history)
      return store.claim(now, CLAIM_BATCH)
    })
    await Promise.all(claimed.map(async (row) => JSON.parse(row.input) as unknown))
  }
  return { enqueueMs: enqueuedAt - startedAt, drainMs: performance.now() - enqueuedAt }
}
