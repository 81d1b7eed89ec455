import type { SoakNote } from './soak-history.ts'

/** How often the process of an execution may die before it is given up as crashed. */
const MOST_DEATHS = 3

/** What one process left behind. */
export interface SoakWitness {
  readonly name: string
  readonly notes: readonly SoakNote[]
  /** When it was killed, by its parent or by itself; null: it was not. Unix milliseconds. */
  readonly killedAt: number | null
  /** When it was stopped; null: it was not. */
  readonly stoppedAt: number | null
}

/** One time that an execution was claimed by a process. */
export interface AttemptRun {
  readonly process: SoakWitness
  readonly execution: string
  readonly fence: bigint
  readonly job: string
  readonly tick: number
  readonly claimedAt: number
  /** When its handler was called, and was done; null: never. */
  startedAt: number | null
  doneAt: number | null
  /** When its lease ended, or its handler had ended or was told to. */
  heldUntil: number
}

/** One whose handler was called. */
export type StartedRun = AttemptRun & { readonly startedAt: number }

/** Whether its handler was called. */
export function isStarted(run: AttemptRun): run is StartedRun {
  return run.startedAt !== null
}

/** All that a process claimed, by its own notes. */
export function runsOf(witness: SoakWitness): AttemptRun[] {
  const leases = Map.groupBy(
    witness.notes.filter((note) => note.kind === 'lease'),
    ({ instance }) => instance,
  )
  const runs = new Map<string, AttemptRun>()
  for (const note of witness.notes) {
    if (note.kind === 'claimed') {
      const { execution, job, tick, at: claimedAt, instance } = note
      const heldUntil = leaseEnd(leases.get(instance) ?? [], claimedAt)
      const nothingYet = { startedAt: null, doneAt: null, heldUntil }
      const run = { process: witness, execution, fence: BigInt(note.fence), job, tick, claimedAt, ...nothingYet }
      runs.set(`${execution}/${note.fence}`, run)
    } else if (note.kind === 'started' || note.kind === 'aborted' || note.kind === 'done') {
      const run = runs.get(`${note.execution}/${note.fence}`)
      if (run === undefined) continue
      if (note.kind === 'started') run.startedAt = note.at
      else run.heldUntil = Math.min(run.heldUntil, note.at)
      if (note.kind === 'done') run.doneAt = note.at
    }
  }
  return [...runs.values()]
}

/** How many attempts are in flight in the whole cluster. */
export function countInFlight(witnesses: readonly SoakWitness[], at: number): number {
  return inFlightAt(witnesses.flatMap(runsOf), at).length
}

/** Attempts whose handlers run at an instant. */
export function inFlightAt(runs: readonly AttemptRun[], at: number): readonly AttemptRun[] {
  return runs.filter((run) => run.startedAt !== null && run.startedAt <= at && isHeld(run, at))
}

/** Whether an attempt is claimed and not done at an instant, and its process alive. */
export function isHeld(run: AttemptRun, at: number): boolean {
  if (run.claimedAt > at) return false
  if (run.doneAt !== null) return run.doneAt > at
  return run.process.killedAt === null || run.process.killedAt >= at
}

/** Whether its process died, or was stopped, under it. */
export function wasCutOff({ process, claimedAt }: AttemptRun): boolean {
  return process.killedAt !== null || (process.stoppedAt !== null && process.stoppedAt >= claimedAt)
}

/** Whether the process died of so many claims of one execution that it is given up as crashed (rule 14). */
export function hasCrashed(claims: readonly AttemptRun[]): boolean {
  return claims.filter(wasCutOff).length >= MOST_DEATHS
}

/** Until when the chain of renewals reaches that covers an instant. */
function leaseEnd(leases: readonly { readonly at: number; readonly until: number }[], instant: number): number {
  let until = instant
  for (const lease of leases) if (lease.at <= until) until = Math.max(until, lease.until)
  return until
}
