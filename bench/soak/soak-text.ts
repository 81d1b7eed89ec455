import type { SoakReport } from './soak-run.ts'

const MOST_PROBLEMS = 20

/** The report of a soak for people. */
export function soakText(report: SoakReport): string {
  const { ticks, attempts, repeated, refused, disturbances, processes, problems } = report
  const lines = [`${ticks} ticks, ${attempts} attempts, ${repeated} of them repeats; ${refused} late results refused`]
  for (const { name, kind, point, inFlight, ownInFlight, recoveredMs } of disturbances) {
    const what = point === null ? kind : `died at ${point}`
    const after = recoveredMs === null ? '' : `, running again after ${recoveredMs} ms`
    lines.push(`  ${name} ${what}: ${inFlight} attempts in flight, ${ownInFlight} of its own${after}`)
  }
  for (const { name, longestBlockMs, troubles } of processes) {
    const shown = troubles.length === 0 ? '' : `; ${troubles.length} troubles, such as ${troubles[0] ?? ''}`
    lines.push(`  ${name}: event loop blocked for at most ${longestBlockMs} ms${shown}`)
  }
  lines.push(problems.length === 0 ? 'every tick ran as promised' : `${problems.length} problems:`)
  return [...lines, ...problems.slice(0, MOST_PROBLEMS).map((problem) => `  ${problem}`)].join('\n')
}
