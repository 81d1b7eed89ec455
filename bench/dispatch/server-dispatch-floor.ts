import type { ServerFloor } from '../harness/server-floor.ts'
import type { DispatchTimes } from './scheduler-dispatch.ts'

/** Rows in one INSERT, as `enqueueMany` writes them. */
const ENQUEUE_BATCH = 1_000
const CLAIM_BATCH = 500

/** The least that enqueues and runs jobs that do nothing on a server: claims a batch, settles it, claims the next. */
export async function serverDispatchFloor(
  floor: ServerFloor,
  count: number,
  history: 'all' | 'none',
): Promise<DispatchTimes> {
  const inputs = Array.from({ length: count }, (_, n) => JSON.stringify({ n }))
  const startedAt = performance.now()
  for (let first = 0; first < count; first += ENQUEUE_BATCH) {
    await floor.insert(inputs.slice(first, first + ENQUEUE_BATCH))
  }
  const enqueuedAt = performance.now()
  for (;;) {
    const claimed = await floor.claim(CLAIM_BATCH)
    if (claimed.length === 0) break
    await Promise.all(claimed.map(async (row) => JSON.parse(row.input) as unknown))
    await floor.settle(claimed, history)
  }
  return { enqueueMs: enqueuedAt - startedAt, drainMs: performance.now() - enqueuedAt }
}
