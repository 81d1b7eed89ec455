import type { Logger } from '@escapement/base'

/** For tests in which leases are lost on purpose. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
