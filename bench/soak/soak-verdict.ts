import { isStarted, runsOf, type SoakWitness } from './attempt-run.ts'
import type { DatabaseFault } from './database-moves.ts'
import { type Disturbance, disturbancesOf, NOTICE_MS } from './disturbance.ts'
import { judgeLeases } from './judge-leases.ts'
import { judgeLedger } from './judge-ledger.ts'
import type { SoakLedger } from './soak-ledger.ts'
import type { SoakSetting } from './soak-setting.ts'
import { type Comeback, comebackOf } from './throughput.ts'

/** After the server answers again throughput must be back within this time. Milliseconds. */
const BACK_WITHIN_MS = 5_000

/** What is judged: what the processes noted, what was done to the database, and what it holds in the end. */
export interface SoakEvidence {
  readonly setting: SoakSetting
  readonly witnesses: readonly SoakWitness[]
  /** In order. */
  readonly faults: readonly DatabaseFault[]
  readonly ledger: SoakLedger
}

/** The verdict on a soak, by tick and execution id. */
export interface SoakVerdict {
  readonly ticks: number
  readonly attempts: number
  readonly repeated: number
  readonly refused: number
  readonly disturbances: readonly Disturbance[]
  readonly comebacks: readonly Comeback[]
  readonly problems: readonly string[]
}

/** Judges by identity: which ticks, which executions, which attempts; by rates only how fast throughput came back. */
export function judgeSoak({ setting, witnesses, faults, ledger }: SoakEvidence): SoakVerdict {
  const claims = witnesses.flatMap(runsOf)
  const runs = claims.filter(isStarted)
  const problems = [...judgeLedger(setting, ledger, claims), ...judgeLeases(runs)]
  const disturbances = witnesses.flatMap((witness) => disturbancesOf(witness, claims, faults))
  for (const { name, kind, recoveredMs } of disturbances) {
    if (recoveredMs === null || recoveredMs <= setting.leaseMs + NOTICE_MS) continue
    problems.push(`${name}, ${kind}: its work was running again only after ${recoveredMs} ms`)
  }
  const comebacks = faults.map((fault, index) =>
    comebackOf(fault, faults[index + 1]?.from ?? Number.POSITIVE_INFINITY, setting, runs),
  )
  for (const { what, before, backMs } of comebacks) {
    if (backMs > BACK_WITHIN_MS)
      problems.push(`${what}: only after ${backMs} ms nine tenths of ${before} starts a second`)
  }
  const notes = witnesses.flatMap((witness) => witness.notes)
  return {
    ticks: ((setting.until - setting.from) / 1_000 + 1) * setting.jobs,
    attempts: runs.length,
    repeated: runs.length - new Set(runs.map(({ execution }) => execution)).size,
    refused: notes.filter(({ kind }) => kind === 'refused').length,
    disturbances,
    comebacks,
    problems,
  }
}
