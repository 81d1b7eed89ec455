import { memoryStore } from '@escapement/core'
import { sqliteStore } from '@escapement/store-db'
import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import { greatest, percentile } from '../harness/percentile.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { cronerAlone, floorAlone, nodeCronAlone, schedulerAlone } from './lateness-alone.ts'
import { type ClusterOutcome, type ClusterSetting, runCluster } from './lateness-cluster.ts'

const JOBS = 100
const INSTANCES = 3
const LEASE_MS = 5_000

/** How late handlers begin, and whether each tick ran exactly once. */
export const lateness: Benchmark = {
  name: 'lateness',
  title: `Lateness: ${JOBS} jobs due each second`,
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const seconds = scale === 'full' ? 30 : 2
  const calm = await cluster({ seconds, kill: false })
  const killed = scale === 'full' ? await cluster({ seconds, kill: true }) : null
  const rows: Cell[][] = [clusterRow(`SQLite, ${INSTANCES} processes`, calm)]
  if (killed !== null) rows.push(clusterRow(`SQLite, ${INSTANCES} processes, one killed`, killed))
  return {
    tables: [
      {
        caption: `Start of the handler after its tick, ${seconds} s, milliseconds`,
        columns: ['', 'ticks', 'p50', 'p99', 'max', 'duplicates', 'misses', 'taken over', 'latest taken over'],
        rows,
      },
      {
        caption: 'The same in one process, milliseconds',
        columns: ['', 'ticks', 'p50', 'p99', 'max'],
        rows: await alone(scale),
      },
    ],
    findings: [
      ...findings('3 processes on one file', calm),
      ...(killed === null ? [] : findings('the same while one is killed', killed, true)),
    ],
    notes: [
      'Three real processes share one file. Ticks, duplicates and misses are counted by id from the ledger and from what each ' +
        'handler noted. What a killed process held runs again when its lease is over and stands apart. croner and node-cron ' +
        'keep nothing and know nothing of other processes: they show what a bare timer can do.',
    ],
  }
}

async function cluster(of: Pick<ClusterSetting, 'seconds' | 'kill'>): Promise<ClusterOutcome> {
  using scratch = scratchFile()
  return await runCluster({ path: scratch.path, jobs: JOBS, instances: INSTANCES, mutex: false, ...of })
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

function clusterRow(name: string, outcome: ClusterOutcome): Cell[] {
  const { ticks, latenessMs, duplicates, misses, takenOverMs } = outcome
  const times = [percentile(latenessMs, 0.5), percentile(latenessMs, 0.99), greatest(latenessMs)]
  return [
    name,
    ticks,
    ...times,
    duplicates,
    misses,
    takenOverMs.length,
    takenOverMs.length === 0 ? null : greatest(takenOverMs),
  ]
}

function findings(of: string, outcome: ClusterOutcome, isKilled = false): Finding[] {
  const p99 = percentile(outcome.latenessMs, 0.99)
  const latest = Math.max(0, ...outcome.takenOverMs)
  return [
    { what: `lateness p99, ${of}`, figure: `${p99.toFixed(1)} ms`, reach: 'at most 10 ms', isReached: p99 <= 10 },
    {
      what: `ticks by id, ${of}`,
      figure: `${outcome.duplicates} duplicates, ${outcome.misses} misses`,
      reach: 'none',
      isReached: outcome.duplicates + outcome.misses === 0,
    },
    ...(isKilled
      ? [
          {
            what: 'taken over from the killed one',
            figure: `${(latest / 1_000).toFixed(1)} s`,
            reach: 'at most lease + 5 s (10 s)',
            isReached: latest <= LEASE_MS + 5_000,
          },
        ]
      : []),
  ]
}
