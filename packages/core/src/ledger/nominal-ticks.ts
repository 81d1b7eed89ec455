import type { JobRevision } from '../job/job-spec.ts'
import { ticksBetween } from '../trigger/next-tick.ts'

/** A tick that a schedule makes, whatever became of it. */
export interface NominalTick {
  readonly scheduledFor: number
  /** The revision in force at its instant. */
  readonly revision: JobRevision
}

/**
 * The ticks in [from, to] by the revisions in force at their instants, in rising order, computed as they are asked for.
 * Where no revision was in force (before the first, while retired) there are none.
 *
 * @param revisions - Oldest first; each is in force in (effectiveFrom, effectiveUntil].
 */
export function* nominalTicks(
  revisions: readonly JobRevision[],
  from: number,
  to: number,
): Generator<NominalTick, void, undefined> {
  for (const revision of revisions) {
    const { spec, effectiveFrom, effectiveUntil } = revision
    const until = Math.min(to, effectiveUntil ?? to)
    for (const scheduledFor of ticksBetween(spec.triggers, spec.name, Math.max(from - 1, effectiveFrom), until)) {
      yield { scheduledFor, revision }
    }
  }
}
