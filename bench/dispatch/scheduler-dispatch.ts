import { createScheduler, defineJob, type JobStore } from '@escapement/core'

/** How long it took. Milliseconds. */
export interface DispatchTimes {
  readonly enqueueMs: number
  /** From `start()` until the store has confirmed the last verdict. */
  readonly drainMs: number
}

/** Enqueues `count` jobs that do nothing, then starts a scheduler and waits until all are settled. */
export async function schedulerDispatch(
  store: JobStore,
  count: number,
  history: 'all' | 'none',
): Promise<DispatchTimes> {
  const job = defineJob({ name: 'bench.no-op', overlap: 'allow', history, run: () => null })
  const scheduler = createScheduler({ jobs: [job], store, concurrency: 20 })
  let settled = 0
  const allSettled = Promise.withResolvers<void>()
  scheduler.on('execution:succeeded', () => {
    if (++settled === count) allSettled.resolve()
  })
  const inputs = Array.from({ length: count }, (_, n) => ({ n }))
  const startedAt = performance.now()
  await scheduler.enqueueMany(job.name, inputs)
  const enqueuedAt = performance.now()
  await scheduler.start()
  await allSettled.promise
  const drainedAt = performance.now()
  await scheduler.stop()
  await store.close()
  return { enqueueMs: enqueuedAt - startedAt, drainMs: drainedAt - enqueuedAt }
}
