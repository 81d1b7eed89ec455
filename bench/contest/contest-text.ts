import type { ContestReport, FaultFigure } from '@escapement/testkit/contest'

const MOST_FINDINGS = 20

/** The report of a contest for people. */
export function contestText(report: ContestReport): string {
  const { leases, appliedWrites, refusedWrites, failedWrites, handOffMs, faults, findings } = report
  const lines = [
    `${leases} leases, ${appliedWrites} guarded writes, ${refusedWrites} late ones refused, ${failedWrites} failed`,
    `  half of the keys that were given back were free for ${handOffMs?.toFixed(1) ?? '?'} ms at most while they were wanted`,
  ]
  for (const [name, each] of Map.groupBy(faults, (fault) => fault.name)) {
    const took = longest(each, ({ tookMs }) => tookMs)
    const wait = longest(each, ({ longestWaitMs }) => longestWaitMs)
    const quiet = longest(each, ({ longestQuietWaitMs }) => longestQuietWaitMs)
    lines.push(
      `  ${each.length} x ${name}: over in ${took} ms; a key was free for ${wait} ms, ${quiet} ms of it in quiet`,
    )
  }
  lines.push(findings.length === 0 ? 'as promised' : `${findings.length} findings:`)
  return [...lines, ...findings.slice(0, MOST_FINDINGS).map((finding) => `  ${finding}`)].join('\n')
}

function longest(faults: readonly FaultFigure[], msOf: (fault: FaultFigure) => number): number {
  return Math.round(Math.max(...faults.map(msOf)))
}
