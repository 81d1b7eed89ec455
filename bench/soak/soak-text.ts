import type { SoakReport } from './soak-run.ts'

const MOST_PROBLEMS = 20
const MOST_TROUBLES = 4

/** The report of a soak for people. */
export function soakText(report: SoakReport): string {
  const { ticks, attempts, repeated, refused, disturbances, comebacks, processes, problems } = report
  const lines = [`${ticks} ticks, ${attempts} attempts, ${repeated} of them repeats; ${refused} late results refused`]
  for (const { name, kind, point, inFlight, ownInFlight, recoveredMs } of disturbances) {
    const what = point === null ? kind : `died at ${point}`
    const after = recoveredMs === null ? '' : `, running again after ${recoveredMs} ms`
    lines.push(`  ${name} ${what}: ${inFlight} attempts in flight, ${ownInFlight} of its own${after}`)
  }
  for (const { what, from, until, before, during, backMs, caughtUpMs } of comebacks) {
    const rates = `${before} starts a second before, ${during.toFixed(1)} during`
    lines.push(
      `  ${what} for ${until - from} ms: ${rates}, 90 % within ${backMs} ms, all caught up after ${caughtUpMs} ms`,
    )
  }
  for (const { name, longestBlockMs, troubles } of processes) {
    lines.push(`  ${name}: event loop blocked for at most ${longestBlockMs} ms${troublesText(troubles)}`)
  }
  lines.push(problems.length === 0 ? 'every tick ran as promised' : `${problems.length} problems:`)
  return [...lines, ...problems.slice(0, MOST_PROBLEMS).map((problem) => `  ${problem}`)].join('\n')
}

/** The most frequent, each with its count. */
function troublesText(troubles: readonly string[]): string {
  if (troubles.length === 0) return ''
  const counts = [...Map.groupBy(troubles, (trouble) => trouble)].map(([text, all]) => ({ text, count: all.length }))
  const first = counts.toSorted((a, b) => b.count - a.count).slice(0, MOST_TROUBLES)
  return `; ${troubles.length} troubles, such as${first.map(({ text, count }) => `\n    ${count} x ${text}`).join('')}`
}
