import { type Runtime, type SleepOptions, systemRuntime } from '@escapement/base'
import { virtualRuntime } from '../runtime/virtual-runtime.ts'

/** The clocks of one machine, which can be stepped and stopped. */
export interface ContractNode extends Runtime {
  /** Moves the wall clock at once; the monotonic clock does not notice. */
  stepWallClock(ms: number): void
  /** Stops the timers, as a blocked event loop or SIGSTOP does; clocks go on. */
  pause(): void
  /** Ends `pause`: what fell due meanwhile wakes. */
  resume(): void
}

/** The time in which the cases of a contract run: virtual where the server's clock is a runtime's, else real. */
export interface ContractClock {
  /** What the server's clock is made of. */
  readonly runtime: Runtime
  /** The clocks of one more client. */
  node(): ContractNode
  /** Lets time pass. */
  advance(ms: number): Promise<void>
  /** Lets time pass until the promise has settled. */
  until<T>(promise: PromiseLike<T>): Promise<T>
}

/** For servers whose clock is the runtime that they are given: nothing takes real time. */
export function virtualContractClock(): ContractClock {
  const runtime = virtualRuntime()
  return {
    runtime,
    node: () => runtime.node(),
    advance: (ms) => runtime.advance(ms),
    until: (promise) => runtime.runUntil(Promise.resolve(promise)),
  }
}

/** For servers with a clock of their own. */
export function realContractClock(): ContractClock {
  return {
    runtime: systemRuntime,
    node: realNode,
    advance: (ms) => systemRuntime.sleep(ms),
    until: async (promise) => promise,
  }
}

function realNode(): ContractNode {
  let steppedMs = 0
  let isPaused = false
  const resumed: (() => void)[] = []
  const sleep = async (ms: number, signal?: AbortSignal, options?: SleepOptions): Promise<void> => {
    await systemRuntime.sleep(ms, signal, options)
    if (isPaused) await new Promise<void>((resolve) => resumed.push(resolve))
  }
  return {
    ...systemRuntime,
    now: () => systemRuntime.now() + steppedMs,
    sleep,
    stepWallClock: (ms) => {
      steppedMs += ms
    },
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
      for (const resume of resumed.splice(0)) resume()
    },
  }
}
