import type { Runtime, SleepOptions } from '@escapement/base'
import { seededRandom } from './seeded-random.ts'
import type { Sleeper } from './sleeper-heap.ts'
import type { Timeline } from './timeline.ts'

/** How one machine's clocks differ from the timeline. */
export interface VirtualNodeOptions {
  /** What its wall clock shows beyond the timeline's, milliseconds. Default 0. */
  readonly offsetMs?: number
  /** How much faster its clocks run, in parts per million: 100 gains 0.1 ms a second. Default 0. */
  readonly driftPpm?: number
}

/** One machine of a virtual cluster: a {@link Runtime} with clocks and timers of its own on the common timeline. */
export interface VirtualNode extends Runtime {
  /** How many of its sleeps are pending. */
  readonly pendingSleeps: number
  /** How many of them would keep a real process alive. */
  readonly keepAliveSleeps: number
  /** Moves the wall clock at once, as an operator or NTP does; the monotonic clock does not notice. */
  stepWallClock(ms: number): void
  /** Stops its timers, as SIGSTOP does: clocks go on, nothing wakes. Idempotent. */
  pause(): void
  /** Ends `pause`: what fell due meanwhile wakes at once, in order. Idempotent. */
  resume(): void
}

/** Makes one node. `index` makes its chance differ from the other nodes'. */
export function virtualNode(timeline: Timeline, index: number, options: VirtualNodeOptions = {}): VirtualNode {
  const { offsetMs = 0, driftPpm = 0 } = options
  const rate = 1 + driftPpm / 1_000_000
  const bornAt = timeline.at
  const random = seededRandom(timeline.seed + Math.imul(index, 0x9e3779b1))
  const own = new Set<Sleeper>()
  let steppedMs = 0
  let isPaused = false
  let held: Sleeper[] = []

  const elapsed = (): number => toMicros((timeline.at - bornAt) * rate)
  const sleep = (ms: number, signal?: AbortSignal, sleepOptions?: SleepOptions): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        if (!own.delete(sleeper)) return
        if (held.includes(sleeper)) sleeper.wake = undefined
        else timeline.sleepers.abort(sleeper)
        reject(signal?.reason)
      }
      const wake = (): void => {
        if (isPaused) {
          sleeper.wake = wake
          held.push(sleeper)
          return
        }
        own.delete(sleeper)
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const sleeper = timeline.sleeper(wholeMicros(Math.max(0, ms) / rate), sleepOptions?.keepAlive !== false, wake)
      own.add(sleeper)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  const repeat = (ms: number, callback: () => void): Disposable => {
    const stop = new AbortController()
    const wait = (): void => {
      sleep(ms, stop.signal, { keepAlive: false }).then(turn, () => undefined)
    }
    const turn = (): void => {
      if (stop.signal.aborted) return
      wait()
      callback()
    }
    wait()
    return { [Symbol.dispose]: () => stop.abort() }
  }

  return {
    now: () => Math.floor(timeline.startAt + bornAt + elapsed() + offsetMs + steppedMs),
    monotonic: elapsed,
    sleep,
    repeat,
    id: () => timeline.nextId(),
    random,
    get pendingSleeps() {
      return own.size
    },
    get keepAliveSleeps() {
      let count = 0
      for (const sleeper of own) if (sleeper.keepAlive) count++
      return count
    },
    stepWallClock(ms) {
      steppedMs += ms
    },
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      const due = held
      held = []
      for (const sleeper of due) sleeper.wake?.()
    },
  }
}

function toMicros(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

/** Rounded up, so that whoever sleeps what is left until a deadline always gets there, rounding errors or not. */
function wholeMicros(ms: number): number {
  return Math.ceil(ms * 1_000) / 1_000
}
