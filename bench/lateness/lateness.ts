import { memoryStore } from '@escapement/core'
import { sqliteStore } from '@escapement/store-db'
import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import { greatest, percentile } from '../harness/percentile.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { CLUSTER_COLUMNS, clusterFindings, clusterRow } from './cluster-report.ts'
import { cronerAlone, floorAlone, nodeCronAlone, schedulerAlone } from './lateness-alone.ts'
import { runCluster } from './lateness-cluster.ts'

const JOBS = 100

/** How late handlers begin, and whether each tick ran exactly once. */
export const lateness: Benchmark = {
  name: 'lateness',
  title: `Lateness: ${JOBS} jobs due each second, SQLite and memory`,
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const seconds = scale === 'full' ? 30 : 2
  const rows: Cell[][] = []
  const findings: Finding[] = []
  for (const kill of scale === 'full' ? [false, true] : [false]) {
    using scratch = scratchFile()
    const outcome = await runCluster({ place: { kind: 'sqlite', path: scratch.path }, jobs: JOBS, seconds, kill })
    rows.push(clusterRow(`SQLite, 3 processes${kill ? ', one killed' : ''}`, outcome))
    findings.push(...clusterFindings(kill ? 'the same while one is killed' : '3 processes on one file', outcome, kill))
  }
  return {
    tables: [
      { caption: `Start of the handler after its tick, ${seconds} s, milliseconds`, columns: CLUSTER_COLUMNS, rows },
      {
        caption: 'The same in one process, milliseconds',
        columns: ['', 'ticks', 'p50', 'p99', 'max'],
        rows: await alone(scale),
      },
    ],
    findings,
    notes: [
      'Three real processes share one file. Ticks, duplicates and misses are counted by id from the ledger and from what each ' +
        'handler noted. What a killed process held runs again when its lease is over and stands apart. croner and node-cron ' +
        'keep nothing and know nothing of other processes: they show what a bare timer can do.',
    ],
  }
}

async function alone(scale: Scale): Promise<Cell[][]> {
  const seconds = scale === 'full' ? 15 : 1
  using scratch = scratchFile()
  using floorScratch = scratchFile()
  const contenders = [
    ['floor: a timer, a claim and its commit', floorAlone(floorScratch.path)],
    ['Escapement in memory', schedulerAlone(memoryStore)],
    ['Escapement on SQLite', schedulerAlone(() => sqliteStore(scratch.path))],
    ['croner', cronerAlone],
    ['node-cron', nodeCronAlone],
  ] as const
  const rows: Cell[][] = []
  for (const [name, run] of scale === 'full' ? contenders : contenders.slice(0, 3)) {
    const late = await run(JOBS, seconds)
    rows.push([name, late.length, percentile(late, 0.5), percentile(late, 0.99), greatest(late)])
  }
  return rows
}
