import { resolveTrigger } from '../../trigger/resolve-trigger.ts'
import { cron } from '../../trigger/trigger.ts'
import type { TriggerSpec } from '../../trigger/trigger-spec.ts'
import type { DstPolicy } from '../../cron/dst-policy.ts'
import { parseCronPattern } from '../../cron/pattern/parse-cron-pattern.ts'

/** A pattern that no job stands behind yet. */
export interface PatternCase {
  readonly pattern: string
  readonly timezone: string
  readonly dst: Partial<DstPolicy> | undefined
  /** From whose name `H` is drawn; undefined: there must be none. */
  readonly job: string | undefined
}

/**
 * The trigger that a job with this pattern would have.
 *
 * @throws {@link InvalidOptionError} when pattern, zone or policy cannot be read, or for `H` without a job.
 */
export function patternTrigger({ pattern, timezone, dst, job }: PatternCase): TriggerSpec {
  const trigger = resolveTrigger(cron(pattern, dst === undefined ? {} : { dst }), { timezone, job: job ?? '' })
  if (job === undefined && trigger.kind === 'cron') parseCronPattern(pattern)
  return trigger
}
