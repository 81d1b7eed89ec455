import { v7 } from 'uuid'
import type { Runtime, SleepOptions } from './runtime.ts'

/** `setTimeout` fires at once beyond this many milliseconds (Node.js, timers.setTimeout). */
const LONGEST_TIMER_MS = 2_147_483_647

function sleep(ms: number, signal?: AbortSignal, options?: SleepOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    if (ms <= 0) {
      turn(resolve)
      return
    }
    const until = performance.now() + ms
    let timer: NodeJS.Timeout
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const arm = (): void => {
      const leftMs = Math.ceil(Math.max(0, until - performance.now()))
      timer = setTimeout(onTimer, Math.min(leftMs, LONGEST_TIMER_MS))
      if (options?.keepAlive === false) timer.unref()
    }
    const onTimer = (): void => {
      if (performance.now() < until) return arm() // longer than any timer, or fired early: timers count from the loop's own time
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    arm()
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Waits for nothing but the others: `setTimeout` would keep a whole millisecond (Node.js, timers.setTimeout). It keeps the
 * process alive for that one turn whatever was asked: an unreferenced immediate waits until something else happens.
 */
function turn(resolve: () => void): void {
  setImmediate(resolve)
}

function repeat(ms: number, callback: () => void): Disposable {
  return setInterval(callback, ms).unref()
}

/** The machine's own clocks, timers, ids and chance. The only place in Escapement that may touch them. */
export const systemRuntime: Runtime = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
  repeat,
  id: () => v7(),
  random: () => Math.random(),
})
