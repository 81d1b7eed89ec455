import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Watches the event loop: how late a timer of 1 ms fires is how long something kept the loop for itself.
 *
 * @returns A function that ends the watch and answers the longest block in milliseconds, the timer's own period taken off.
 */
export function watchLoop(): () => { readonly longestMs: number; readonly p99Ms: number } {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  return () => {
    histogram.disable()
    return { longestMs: Math.max(0, histogram.max / 1e6 - 1), p99Ms: Math.max(0, histogram.percentile(99) / 1e6 - 1) }
  }
}
