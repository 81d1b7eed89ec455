import type { Logger } from '@escapement/base'

/** Hears of nothing: for tests that lose leases and servers on purpose. */
export const silentLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
})
