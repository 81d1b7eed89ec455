import { type AttemptRun, hasCrashed, isStarted, type StartedRun } from './attempt-run.ts'
import type { SoakLedger } from './soak-ledger.ts'
import type { SoakSetting } from './soak-setting.ts'

/**
 * Every tick has exactly one execution, it succeeded once or has killed too many processes, and every handler that was
 * called for the tick belonged to it.
 */
export function judgeLedger(setting: SoakSetting, ledger: SoakLedger, claims: readonly AttemptRun[]): string[] {
  const runs = claims.filter(isStarted)
  return [...judgeTicks(setting, ledger, claims, runs), ...judgeEnds(ledger, runs), ...judgeStatistics(setting, ledger)]
}

function judgeTicks(
  setting: SoakSetting,
  { ticks }: SoakLedger,
  claims: readonly AttemptRun[],
  runs: readonly StartedRun[],
): string[] {
  const problems: string[] = []
  const claimsById = Map.groupBy(claims, ({ execution }) => execution)
  const byTick = Map.groupBy(ticks, ({ job, tick }) => `${job}@${tick}`)
  const runsByTick = Map.groupBy(runs, ({ job, tick }) => `${job}@${tick}`)
  for (let index = 0; index < setting.jobs; index++) {
    for (let tick = setting.from; tick <= setting.until; tick += 1_000) {
      const key = `soak-${index}@${tick}`
      const entries = byTick.get(key) ?? []
      const ids = new Set((runsByTick.get(key) ?? []).map(({ execution }) => execution))
      if (entries.length !== 1) problems.push(`${key} has ${entries.length} executions`)
      if (ids.size !== 1) problems.push(`${key} was run by ${ids.size} executions`)
      for (const { id, status } of entries) {
        const isCrashed = status === 'failed' && hasCrashed(claimsById.get(id) ?? [])
        if (status !== 'succeeded' && !isCrashed) problems.push(`${key} is ${status}`)
        if (!ids.has(id)) problems.push(`${key}: no handler saw its execution ${id}`)
      }
      byTick.delete(key)
      runsByTick.delete(key)
    }
  }
  for (const key of [...byTick.keys(), ...runsByTick.keys()]) problems.push(`${key} is no tick`)
  return problems
}

/** One attempt of each execution succeeded, the newest that ever was, and its handler had come to its end. */
function judgeEnds({ ticks, attempts }: SoakLedger, runs: readonly StartedRun[]): string[] {
  const problems: string[] = []
  const successes = Map.groupBy(
    attempts.filter(({ outcome }) => outcome === 'succeeded'),
    ({ execution }) => execution,
  )
  const runsById = Map.groupBy(runs, ({ execution }) => execution)
  const ids = new Set(ticks.filter(({ status }) => status === 'succeeded').map(({ id }) => id))
  for (const id of ids) {
    const settled = successes.get(id) ?? []
    if (settled.length !== 1) problems.push(`${id} was settled ${settled.length} times`)
    for (const { fence } of settled) {
      const own = runsById.get(id) ?? []
      const run = own.find((each) => each.fence === BigInt(fence))
      if (run === undefined || run.doneAt === null) problems.push(`${id}: nobody brought the result of fence ${fence}`)
      const newer = own.find((each) => each.fence > BigInt(fence))
      if (newer !== undefined) problems.push(`${id}: fence ${newer.fence} began, and ${fence} was settled`)
    }
  }
  return problems
}

/** Statistics count each success once. */
function judgeStatistics({ jobs }: SoakSetting, { ticks, successes }: SoakLedger): string[] {
  const succeeded = Map.groupBy(ticks, ({ job, status }) => (status === 'succeeded' ? job : null))
  const names = Array.from({ length: jobs }, (_, index) => `soak-${index}`)
  return names.flatMap((job) => {
    const [counted, had] = [successes.get(job) ?? 0, new Set(succeeded.get(job)?.map(({ id }) => id)).size]
    return counted === had ? [] : [`${job}: statistics have ${counted} successes, and the ledger ${had}`]
  })
}
