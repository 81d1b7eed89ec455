import { type AttemptRun, hasCrashed, inFlightAt, isHeld, type SoakWitness, wasCutOff } from './attempt-run.ts'
import type { DatabaseFault } from './database-moves.ts'

/** Upkeep looks for dead instances at least this often after their lease (promise 4). Milliseconds. */
export const NOTICE_MS = 5_000

/** A death or stop, and what it met. */
export interface Disturbance {
  readonly name: string
  readonly kind: 'killed' | 'stopped' | 'died-at'
  readonly point: string | null
  readonly at: number
  /** Attempts in flight at that moment, in the whole cluster and in this process. */
  readonly inFlight: number
  readonly ownInFlight: number
  /**
   * After how long the last of its attempts was running again elsewhere, milliseconds in which the database answered;
   * null: it had none.
   */
  readonly recoveredMs: number | null
}

/** What happened to a process. */
export function disturbancesOf(
  witness: SoakWitness,
  claims: readonly AttemptRun[],
  faults: readonly DatabaseFault[],
): Disturbance[] {
  const disturbance = (kind: Disturbance['kind'], at: number, point: string | null): Disturbance => {
    const inFlight = inFlightAt(claims, at)
    return {
      name: witness.name,
      kind,
      point,
      at,
      inFlight: inFlight.length,
      ownInFlight: inFlight.filter((run) => run.process === witness).length,
      recoveredMs: recoveryOf(witness, claims, at, faults),
    }
  }
  const points = witness.notes.flatMap((note) =>
    note.kind === 'died-at' ? [disturbance('died-at', note.at, note.point)] : [],
  )
  const stops = witness.stoppedAt === null ? [] : [disturbance('stopped', witness.stoppedAt, null)]
  const kills = points.length === 0 && witness.killedAt !== null ? [disturbance('killed', witness.killedAt, null)] : []
  return [...points, ...stops, ...kills]
}

/** When the last of what a process held at `at` was begun again elsewhere, what was done and not settled included. */
function recoveryOf(
  witness: SoakWitness,
  claims: readonly AttemptRun[],
  at: number,
  faults: readonly DatabaseFault[],
): number | null {
  const byExecution = Map.groupBy(claims, (run) => run.execution)
  const delays = claims
    .filter((run) => run.process === witness && run.claimedAt <= at)
    .flatMap((run) => {
      const newer = (byExecution.get(run.execution) ?? []).filter((other) => other.fence > run.fence)
      if (newer.some((other) => other.claimedAt <= at)) return [] // it was no longer its own, though its handler ran on
      const later = newer.toSorted((a, b) => Number(a.fence - b.fence))
      for (const next of later) {
        if (next.startedAt !== null) return [next.startedAt - at - awayMs(at, next.startedAt, faults)]
        if (wasCutOff(next)) return [] // that one had it meanwhile, and is judged for it
      }
      const isLost = run.startedAt !== null && isHeld(run, at) && !hasCrashed(byExecution.get(run.execution) ?? [])
      return isLost ? [Number.POSITIVE_INFINITY] : []
    })
  return delays.length === 0 ? null : Math.max(...delays)
}

/** For how long of this time the database did not answer. A server that only ends sessions does. */
function awayMs(from: number, until: number, faults: readonly DatabaseFault[]): number {
  const away = faults.filter(({ what }) => what !== 'end-sessions')
  return away.reduce((sum, fault) => sum + Math.max(0, Math.min(until, fault.until) - Math.max(from, fault.from)), 0)
}
