import type { Report } from './benchmark.ts'
import type { Environment } from './environment.ts'
import { findingsText, tableText } from './result-table.ts'

/** A benchmark with what it found and where. */
export interface MeasuredBenchmark {
  readonly name: string
  readonly title: string
  readonly environment: Environment
  readonly report: Report
}

const INTRODUCTION = `# Performance

Written by \`pnpm bench --write\`; run \`pnpm bench\` to measure your own machine. Contenders take turns round by round; figures
are medians of the rounds unless they say otherwise.

The *floor* is the least that could do the same, on the same tables and indexes, with the same durability: prepared statements
by hand and nothing around them. On SQLite it uses node:sqlite (\`WAL\`, \`synchronous=FULL\`). On PostgreSQL it uses one
connection with its default settings (\`fsync\` and \`synchronous_commit\` are on): one INSERT of 1,000 executions, one UPDATE
that takes 500 by SKIP LOCKED, one statement that settles 500 and inserts their 500 attempts and statistics.

Servers run on loopback, beside the benchmark, with their defaults; each section names their versions and how peers are set.
What an fsync costs there stands at the head of each section. Where a figure stays behind what it should reach, the table says
so. A load average well above 1 means that other work ran on the machine at the time: ratios then say more than absolute times,
and the longest times say little.`

/** The page of the documentation that holds all figures. */
export function performancePage(measured: readonly MeasuredBenchmark[]): string {
  const sections = measured.map(({ title, environment, report }) =>
    [
      `## ${title}`,
      environmentText(environment),
      ...report.notes,
      ...report.tables.map(tableText),
      ...(report.findings.length > 0 ? [findingsText(report.findings)] : []),
    ].join('\n\n'),
  )
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`
}

function environmentText(e: Environment): string {
  return (
    `${e.date}, Node ${e.node.slice(1)}, SQLite ${e.sqlite}, ${e.system}, ${e.cores} cores of ${e.processor}, ${e.memoryGb} GB; ` +
    `an fsync of 4 KiB costs ${e.fsyncMs.toFixed(2)} ms (p99 ${e.fsyncP99Ms.toFixed(2)} ms); load average ${e.load.toFixed(1)}.`
  )
}
