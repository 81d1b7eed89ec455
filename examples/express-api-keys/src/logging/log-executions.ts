import type { Logger } from '@escapement/base'
import type { Scheduler } from '@escapement/core'

/** Writes down what the scheduler of this process does. */
export function logExecutions(scheduler: Scheduler, logger: Logger): void {
  for (const type of [
    'execution:started',
    'execution:succeeded',
    'execution:cancelled',
    'execution:returned',
  ] as const) {
    scheduler.on(type, (event) => logger.info(type, event))
  }
  for (const type of [
    'execution:retrying',
    'execution:slow',
    'execution:late',
    'execution:lost',
    'execution:recovered',
  ] as const) {
    scheduler.on(type, (event) => logger.warn(type, event))
  }
  for (const type of ['execution:failed', 'execution:timed-out', 'execution:abandoned', 'scheduler:error'] as const) {
    scheduler.on(type, (event) => logger.error(type, event))
  }
}
