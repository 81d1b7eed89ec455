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
 * @param revisions - Oldest first; each is in force in (effectiveFrom, effectiveUntil]. One that begins at the cursor,
 *   ahead of the clock, and is retired before that ends before it begins, and ends the one before it as well.
 */
export function* nominalTicks(
  revisions: readonly JobRevision[],
  from: number,
  to: number,
): Generator<NominalTick, void, undefined> {
  for (const [index, revision] of revisions.entries()) {
    const { spec, effectiveFrom } = revision
    const until = Math.min(to, ...revisions.slice(index).map(({ effectiveUntil }) => effectiveUntil ?? to))
    for (const scheduledFor of ticksBetween(spec.triggers, spec.name, Math.max(from - 1, effectiveFrom), until)) {
      yield { scheduledFor, revision }
    }
  }
}
