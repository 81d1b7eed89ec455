import { constants } from 'node:os'
import type { Logger } from '@escapement/base'

/**
 * On SIGTERM or SIGINT stops the service and ends the process with code 0. A second signal ends it at once, with
 * 128 + the signal's number, as if nobody had caught it.
 */
export function stopOnSignal(service: { stop(): Promise<void> }, logger: Logger): void {
  let isStopping = false
  const onSignal = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (isStopping) process.exit(128 + constants.signals[signal])
    isStopping = true
    logger.info('stopping', { signal })
    service.stop().then(
      () => {
        logger.info('stopped')
        process.exit(0)
      },
      (error: unknown) => {
        logger.error('could not stop cleanly', { error })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
