import { type Runtime, systemRuntime } from '@escapement/base'

/** A machine whose clocks begin at `startMs` (Unix milliseconds) and run `speed` times as fast, so that back-offs are short. */
export function fastRuntime(startMs: number, speed = 5): Runtime {
  const began = systemRuntime.monotonic()
  const elapsed = (): number => (systemRuntime.monotonic() - began) * speed
  return {
    ...systemRuntime,
    now: () => Math.floor(startMs + elapsed()),
    monotonic: elapsed,
    sleep: (ms, signal, options) => systemRuntime.sleep(ms / speed, signal, options),
    repeat: (ms, callback) => systemRuntime.repeat(ms / speed, callback),
  }
}
