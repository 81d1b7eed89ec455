import type { Logger } from '@escapement/base'

/** For tests that lose leases on purpose. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
