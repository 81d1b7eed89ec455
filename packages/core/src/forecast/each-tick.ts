import { InvalidOptionError } from '@escapement/base'
import type { AnyJob } from '../job/job.ts'
import { jobSpecOf } from '../job/job-spec-of.ts'
import type { JobSpec } from '../job/job-spec.ts'
import { ticksBetween } from '../trigger/next-tick.ts'

/** So many take a few seconds, in which nothing else runs. */
const MOST_TICKS = 1_000_000

/** The definitions of jobs. @throws {@link InvalidOptionError} when `jobs` is no list. */
export function specsOf(what: string, jobs: readonly AnyJob[], timezone: string): JobSpec[] {
  if (!Array.isArray(jobs)) throw new InvalidOptionError(`jobs of ${what} is no list; give an array of jobs`)
  return jobs.map((job) => jobSpecOf(job, { timezone }))
}

/**
 * Sees each tick of the jobs in [from, to], job by job.
 *
 * @throws {@link InvalidOptionError} when there are more than a million.
 */
export function eachTick(
  what: string,
  specs: readonly JobSpec[],
  range: { readonly from: number; readonly to: number },
  see: (tick: number) => void = () => {},
): void {
  let count = 0
  for (const { triggers, name } of specs) {
    for (const tick of ticksBetween(triggers, name, range.from - 1, range.to)) {
      if (++count > MOST_TICKS) {
        throw new InvalidOptionError(
          `${what} would look at more than ${MOST_TICKS} ticks, of job "${name}" among others; give a shorter range or fewer jobs`,
        )
      }
      see(tick)
    }
  }
}
