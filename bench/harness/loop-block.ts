import { greatest, percentile } from './percentile.ts'

/** How often the event loop is looked at, milliseconds. */
const PERIOD_MS = 1

/** How long something kept the event loop for itself. Milliseconds. */
export interface LoopBlocks {
  readonly longestMs: number
  readonly p99Ms: number
  /** The longest without what was waited for the disk in it. */
  readonly longestBeyondDiskMs: number
  /** The most processor time of the thread in one block, the disk's own among it: other load does not lengthen it. */
  readonly longestCpuMs: number
}

/**
 * Watches the event loop: how late a timer fires is how long something kept the loop for itself.
 *
 * @param diskMs - How long the thread has waited for the disk so far.
 * @returns A function that ends the watch and answers the blocks, the timer's own period taken off.
 */
export function watchLoop(diskMs: () => number): () => LoopBlocks {
  const blocks: number[] = []
  let longestBeyondDiskMs = 0
  let longestCpuMs = 0
  let last = { at: performance.now(), disk: diskMs(), cpu: threadCpuMs() }
  const look = (): void => {
    const next = { at: performance.now(), disk: diskMs(), cpu: threadCpuMs() }
    const blockMs = Math.max(0, next.at - last.at - PERIOD_MS)
    blocks.push(blockMs)
    longestBeyondDiskMs = Math.max(longestBeyondDiskMs, blockMs - (next.disk - last.disk))
    longestCpuMs = Math.max(longestCpuMs, next.cpu - last.cpu)
    last = next
  }
  const timer = setInterval(look, PERIOD_MS)
  return () => {
    clearInterval(timer)
    look()
    return { longestMs: greatest(blocks), p99Ms: percentile(blocks, 0.99), longestBeyondDiskMs, longestCpuMs }
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
