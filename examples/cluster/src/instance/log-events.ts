import type { Logger } from '@escapement/base'
import type { Scheduler, SchedulerEvents } from '@escapement/core'

const TOLD: readonly (keyof SchedulerEvents)[] = [
  'execution:started',
  'execution:succeeded',
  'execution:failed',
  'execution:timed-out',
  'execution:cancelled',
  'execution:retrying',
  'execution:returned',
  'execution:lost',
  'execution:recovered',
  'instance:lost',
  'scheduler:error',
]

/** Writes down what the scheduler of this process does. */
export function logEvents(scheduler: Scheduler, logger: Logger): void {
  for (const type of TOLD) scheduler.on(type, (event) => logger.info(type, event))
}
