import type { SoakNote } from './soak-history.ts'
import type { SoakSetting } from './soak-setting.ts'

/** What one process left behind. */
export interface SoakWitness {
  readonly name: string
  readonly notes: readonly SoakNote[]
  /** When it was killed, by its parent or by itself; null: it was not. Unix milliseconds. */
  readonly killedAt: number | null
}

/** An execution as the ledger has it at the end. */
export interface LedgerEntry {
  readonly id: string
  readonly job: string
  readonly tick: number
  readonly status: string
}

/** A death or stop, and what it met. */
interface Disturbance {
  readonly name: string
  readonly kind: 'killed' | 'stopped' | 'died-at'
  readonly point: string | null
  readonly at: number
  /** Attempts in flight at that moment, in the whole cluster and in this process. */
  readonly inFlight: number
  readonly ownInFlight: number
  /** After how long the last of its attempts was running again elsewhere, milliseconds; null: it had none. */
  readonly recoveredMs: number | null
}

/** The verdict on a soak, by tick and execution id. */
export interface SoakVerdict {
  readonly ticks: number
  readonly attempts: number
  readonly repeated: number
  readonly refused: number
  readonly disturbances: readonly Disturbance[]
  readonly problems: readonly string[]
}

/** One time that an execution was claimed by a process. */
interface Run {
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

/** Upkeep looks for dead instances at least this often after their lease (promise 4). Milliseconds. */
export const NOTICE_MS = 5_000

/** Judges by identity: which ticks, which executions, which attempts; never by rates. */
export function judgeSoak(
  setting: SoakSetting,
  witnesses: readonly SoakWitness[],
  ledger: readonly LedgerEntry[],
): SoakVerdict {
  const problems: string[] = []
  const claims = witnesses.flatMap(runsOf)
  const runs = claims.filter(isStarted)
  problems.push(...judgeLedger(setting, ledger, runs), ...judgeOverlaps(runs))
  const disturbances = witnesses.flatMap((witness) => disturbancesOf(witness, claims))
  for (const { name, kind, recoveredMs } of disturbances) {
    if (recoveredMs === null || recoveredMs <= setting.leaseMs + NOTICE_MS) continue
    problems.push(`${name}, ${kind}: its work was running again only after ${recoveredMs} ms`)
  }
  const notes = witnesses.flatMap((witness) => witness.notes)
  return {
    ticks: ((setting.until - setting.from) / 1_000 + 1) * setting.jobs,
    attempts: runs.length,
    repeated: runs.length - new Set(runs.map(({ execution }) => execution)).size,
    refused: notes.filter(({ kind }) => kind === 'refused').length,
    disturbances,
    problems,
  }
}

type StartedRun = Run & { readonly startedAt: number }

function isStarted(run: Run): run is StartedRun {
  return run.startedAt !== null
}

/** Every tick has exactly one execution, it succeeded, and every handler that was called for the tick belonged to it. */
function judgeLedger(setting: SoakSetting, ledger: readonly LedgerEntry[], runs: readonly Run[]): string[] {
  const problems: string[] = []
  const byTick = Map.groupBy(ledger, ({ job, tick }) => `${job}@${tick}`)
  const runsByTick = Map.groupBy(runs, ({ job, tick }) => `${job}@${tick}`)
  for (let index = 0; index < setting.jobs; index++) {
    for (let tick = setting.from; tick <= setting.until; tick += 1_000) {
      const key = `soak-${index}@${tick}`
      const entries = byTick.get(key) ?? []
      const ids = new Set((runsByTick.get(key) ?? []).map(({ execution }) => execution))
      if (entries.length !== 1) problems.push(`${key} has ${entries.length} executions`)
      if (ids.size !== 1) problems.push(`${key} was run by ${ids.size} executions`)
      for (const { id, status } of entries) {
        if (status !== 'succeeded') problems.push(`${key} is ${status}`)
        if (!ids.has(id)) problems.push(`${key}: no handler saw its execution ${id}`)
      }
      byTick.delete(key)
      runsByTick.delete(key)
    }
  }
  for (const key of [...byTick.keys(), ...runsByTick.keys()]) problems.push(`${key} is no tick`)
  return problems
}

/** Within its lease, an attempt of an execution is the only one. */
function judgeOverlaps(runs: readonly StartedRun[]): string[] {
  const problems: string[] = []
  for (const [execution, tries] of Map.groupBy(runs, (run) => run.execution)) {
    const inOrder = tries.toSorted((a, b) => a.startedAt - b.startedAt)
    for (const [index, run] of inOrder.entries()) {
      const next = inOrder[index + 1]
      if (next === undefined) continue
      const [here, there] = [`${run.process.name} (fence ${run.fence})`, `${next.process.name} (fence ${next.fence})`]
      if (next.fence <= run.fence) problems.push(`${execution}: ${there} came after ${here}`)
      if (next.startedAt >= run.heldUntil) continue
      problems.push(
        `${execution}: ${there} began ${run.heldUntil - next.startedAt} ms before ${here} had lost its lease`,
      )
    }
  }
  return problems
}

function disturbancesOf(witness: SoakWitness, claims: readonly Run[]): Disturbance[] {
  const disturbance = (kind: Disturbance['kind'], at: number, point: string | null): Disturbance => {
    const inFlight = inFlightAt(claims, at)
    return {
      name: witness.name,
      kind,
      point,
      at,
      inFlight: inFlight.length,
      ownInFlight: inFlight.filter((run) => run.process === witness).length,
      recoveredMs: recoveryOf(witness, claims, at),
    }
  }
  const points = witness.notes.flatMap((note) =>
    note.kind === 'died-at' ? [disturbance('died-at', note.at, note.point)] : [],
  )
  const stops = witness.notes.flatMap((note) =>
    note.kind === 'stopped' ? [disturbance('stopped', note.at, null)] : [],
  )
  const kills = points.length === 0 && witness.killedAt !== null ? [disturbance('killed', witness.killedAt, null)] : []
  return [...points, ...stops, ...kills]
}

/** How many attempts are in flight in the whole cluster. */
export function countInFlight(witnesses: readonly SoakWitness[], at: number): number {
  return inFlightAt(witnesses.flatMap(runsOf), at).length
}

function inFlightAt(claims: readonly Run[], at: number): readonly Run[] {
  return claims.filter((run) => run.startedAt !== null && run.startedAt <= at && isHeld(run, at))
}

function isHeld(run: Run, at: number): boolean {
  if (run.claimedAt > at) return false
  if (run.doneAt !== null) return run.doneAt > at
  return run.process.killedAt === null || run.process.killedAt >= at
}

/** When the last of what a process held at `at` was begun again elsewhere, what was done and not settled included. */
function recoveryOf(witness: SoakWitness, claims: readonly Run[], at: number): number | null {
  const byExecution = Map.groupBy(claims, (run) => run.execution)
  const delays = claims
    .filter((run) => run.process === witness && run.claimedAt <= at)
    .flatMap((run) => {
      const later = (byExecution.get(run.execution) ?? [])
        .filter((other) => other.fence > run.fence && other.claimedAt > at)
        .toSorted((a, b) => Number(a.fence - b.fence))
      for (const next of later) {
        if (next.startedAt !== null) return [next.startedAt - at]
        if (isDisturbedAfter(next)) return [] // that one had it meanwhile, and is judged for it
      }
      return run.startedAt !== null && isHeld(run, at) ? [Number.POSITIVE_INFINITY] : []
    })
  return delays.length === 0 ? null : Math.max(...delays)
}

function isDisturbedAfter({ process, claimedAt }: Run): boolean {
  return process.killedAt !== null || process.notes.some((note) => note.kind === 'stopped' && note.at >= claimedAt)
}

function runsOf(witness: SoakWitness): Run[] {
  const leases = witness.notes.filter((note) => note.kind === 'lease')
  const runs = new Map<string, Run>()
  for (const note of witness.notes) {
    if (note.kind === 'claimed') {
      const { execution, job, tick, at: claimedAt, instance } = note
      const heldUntil = leaseEnd(
        leases.filter((lease) => lease.instance === instance),
        claimedAt,
      )
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

/** Until when the chain of renewals reaches that covers an instant. */
function leaseEnd(leases: readonly { readonly at: number; readonly until: number }[], instant: number): number {
  let until = instant
  for (const lease of leases) if (lease.at <= until) until = Math.max(until, lease.until)
  return until
}
