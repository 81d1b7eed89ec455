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
    const until = performance.now() + ms
    let timer: NodeJS.Timeout
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const arm = (): void => {
      const leftMs = Math.max(0, until - performance.now())
      timer = setTimeout(
        () => {
          if (leftMs > LONGEST_TIMER_MS) {
            arm()
            return
          }
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(leftMs, LONGEST_TIMER_MS),
      )
      if (options?.keepAlive === false) timer.unref()
    }
    arm()
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The machine's own clocks, timers, ids and chance. The only place in Escapement that may touch them. */
export const systemRuntime: Runtime = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep,
  id: () => v7(),
  random: () => Math.random(),
})
