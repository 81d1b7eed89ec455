import type { Backlog } from '@escapement/core'

/** One entry for each queue: what is judged, what is not, and what runs are counted apart. */
export function backlogOf(counted: Iterable<Backlog>): Backlog[] {
  const byQueue = new Map<string, Backlog>()
  for (const { queue, due, running, oldestDueMs } of counted) {
    const known = byQueue.get(queue) ?? { queue, due: 0, running: 0, oldestDueMs: 0 }
    byQueue.set(queue, {
      queue,
      due: known.due + due,
      running: known.running + running,
      oldestDueMs: Math.max(known.oldestDueMs, oldestDueMs),
    })
  }
  return [...byQueue.values()]
}
