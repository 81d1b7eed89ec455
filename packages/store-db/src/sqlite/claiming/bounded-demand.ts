import type { QueueDemand } from '@escapement/core'

/**
 * Rows that a claim takes beyond what can start at once end here: it is one write, which keeps the event loop and all other
 * processes waiting (rule 22).
 */
const MOST_AT_ONCE = 100

/** A demand that one write can meet; the rest is asked for again, since more is due. */
export function boundedDemand(queues: readonly QueueDemand[]): readonly QueueDemand[] {
  let left = queues.reduce((rest, { slots }) => rest - slots, MOST_AT_ONCE)
  return queues.map(({ queue, slots, prefetch }) => {
    const ahead = Math.max(0, Math.min(prefetch, left))
    left -= ahead
    return { queue, slots, prefetch: ahead }
  })
}
