import { createScheduler, defineJob, every } from '@escapement/core'
import { sqliteStore } from '@escapement/store-db'
import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import { greatest, percentile } from '../harness/percentile.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { type Blocks, type Load, underLoad } from './busy-scheduler.ts'
import { READINGS } from './page-times.ts'
import { JOBS, seedHistory } from './seeded-file.ts'

const REACH_MS = { page: 10, statistics: 20, search: Number.NaN } as const
const LONGEST_BLOCK_MS = 10

const LOADS: readonly (readonly [string, Load])[] = [
  ['claims and settlements', { claims: true, purges: false, pages: false }],
  ['purges', { claims: false, purges: true, pages: false }],
  ['pages', { claims: false, purges: false, pages: true }],
  ['all at once', { claims: true, purges: true, pages: true }],
]

/** How long reads take on a long history, and how long the host's event loop stands still meanwhile. */
export const history: Benchmark = {
  name: 'history',
  title: 'History at 1,000,000 executions',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const count = scale === 'full' ? 1_000_000 : 30_000
  using scratch = scratchFile()
  const now = Date.now()
  await seedHistory(scratch.path, count, now)
  const readings = await timeReadings(scratch.path, now, scale === 'full' ? 200 : 20)
  const blocks: [string, Blocks][] = []
  for (const [name, load] of LOADS) {
    blocks.push([name, await underLoad(scratch.path, load, scale === 'full' ? 10 : 1)])
  }
  return {
    tables: [
      {
        caption: `Reads of ${count.toLocaleString('en-US')} executions on SQLite, milliseconds`,
        columns: ['', 'kind', 'p50', 'p95', 'max'],
        rows: readings.map(({ name, kind, times }) => [
          name,
          kind,
          percentile(times, 0.5),
          percentile(times, 0.95),
          greatest(times),
        ]),
      },
      {
        caption: 'The event loop meanwhile, milliseconds',
        columns: [
          '',
          'executions',
          'purged',
          'pages',
          'longest block',
          'p99',
          'beyond the commits in it',
          'most CPU in a block',
          'longest transaction',
          'longest commit',
          'longest read',
        ],
        rows: blocks.map(blockRow),
      },
    ],
    findings: [...worst(readings, 'page'), ...worst(readings, 'statistics'), ...blocks.map(blockFinding)],
    notes: [
      `${JOBS} jobs over 30 days, an attempt each; pages hold 50 rows. Times are those of the public calls, through the reading ` +
        'thread. A block is how late a timer of 1 ms fired; garbage collection is among it. Commits wait for the disk and are ' +
        'taken off in the column that says so. Blocks are judged by the processor time of their thread, which holds all that the ' +
        'library does in them, and which other work on the machine does not lengthen. Text search has no index: it reads on until it has ' +
        'a page, in the reading thread.',
    ],
  }
}

interface TimedReading {
  readonly name: string
  readonly kind: keyof typeof REACH_MS
  readonly times: readonly number[]
}

async function timeReadings(path: string, now: number, samples: number): Promise<readonly TimedReading[]> {
  const store = sqliteStore(path)
  const names = Array.from({ length: JOBS }, (_, n) => `bench.job-${String(n).padStart(3, '0')}`)
  const jobs = names.map((name) => defineJob({ name, trigger: every('6h'), run: () => null }))
  const scheduler = createScheduler({ jobs, store, roles: ['plan'] })
  await scheduler.start()
  const timed: TimedReading[] = []
  for (const { name, kind, read } of READINGS) {
    const times: number[] = []
    for (let n = 0; n < (kind === 'search' ? Math.min(samples, 5) : samples) + 3; n++) {
      const startedAt = performance.now()
      await read(scheduler, now)
      times.push(performance.now() - startedAt)
    }
    timed.push({ name, kind, times: times.slice(3) }) // the first ones start the thread and prepare statements
  }
  await scheduler.stop()
  await store.close()
  return timed
}

function worst(readings: readonly TimedReading[], kind: 'page' | 'statistics'): Finding[] {
  const reachMs = REACH_MS[kind]
  return readings
    .filter((reading) => reading.kind === kind)
    .map(({ name, times }) => ({ name, p95: percentile(times, 0.95) }))
    .sort((a, b) => b.p95 - a.p95)
    .filter(({ p95 }, index) => index === 0 || p95 > reachMs)
    .map(({ name, p95 }, index) => ({
      what: `${kind}, p95, ${index === 0 ? 'slowest: ' : ''}${name}`,
      figure: `${p95.toFixed(1)} ms`,
      reach: `at most ${reachMs} ms`,
      isReached: p95 <= reachMs,
    }))
}

function blockRow([name, blocks]: readonly [string, Blocks]): Cell[] {
  const { done } = blocks
  return [
    name,
    done.executions,
    done.purged,
    done.pages,
    blocks.longestMs,
    blocks.p99Ms,
    blocks.longestBeyondDiskMs,
    blocks.longestCpuMs,
    blocks.longestBodyMs,
    blocks.longestCommitMs,
    blocks.longestReadMs,
  ]
}

function blockFinding([name, blocks]: readonly [string, Blocks]): Finding {
  const { longestMs, longestBeyondDiskMs, longestCpuMs } = blocks
  return {
    what: `longest block beyond the fsync, ${name}`,
    figure: `${longestBeyondDiskMs.toFixed(1)} ms (with it ${longestMs.toFixed(1)} ms), at most ${longestCpuMs.toFixed(1)} ms of CPU`,
    reach: `at most ${LONGEST_BLOCK_MS} ms of CPU`,
    isReached: longestCpuMs <= LONGEST_BLOCK_MS,
  }
}
