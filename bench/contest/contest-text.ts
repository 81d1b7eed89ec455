import type { ContestReport, FaultFigure } from '@escapement/testkit/contest'

const MOST_FINDINGS = 20

/** The report of a contest for people. */
export function contestText({ leases, appliedWrites, refusedWrites, faults, findings }: ContestReport): string {
  const lines = [`${leases} leases, ${appliedWrites} guarded writes, ${refusedWrites} late ones refused`]
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
