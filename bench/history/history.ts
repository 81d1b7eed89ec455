import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { type Blocks, type Load, underLoad } from './busy-scheduler.ts'
import { JOBS, seedHistory } from './seeded-file.ts'
import { readingFindings, readingsTable, timeReadings } from './timed-readings.ts'

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
  title: 'History at 1,000,000 executions, SQLite',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const count = scale === 'full' ? 1_000_000 : 30_000
  using scratch = scratchFile()
  const now = Date.now()
  await seedHistory(scratch.path, count, now)
  const readings = await timeReadings({ kind: 'sqlite', path: scratch.path }, now, scale === 'full' ? 200 : 20)
  const blocks: [string, Blocks][] = []
  for (const [name, load] of LOADS) {
    blocks.push([name, await underLoad(scratch.path, load, scale === 'full' ? 10 : 1)])
  }
  return {
    tables: [
      readingsTable(`Reads of ${count.toLocaleString('en-US')} executions on SQLite, milliseconds`, readings),
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
    findings: [...readingFindings(readings), ...blocks.map(blockFinding)],
    notes: [
      `${JOBS} jobs over 30 days, an attempt each; pages hold 50 rows. Times are those of the public calls, through the reading ` +
        'thread. A block is how late a timer of 1 ms fired; garbage collection is among it. Commits wait for the disk and are ' +
        'taken off in the column that says so. Blocks are judged by the processor time of their thread, which holds all that the ' +
        'library does in them, and which other work on the machine does not lengthen. Text search has no index: it reads on until it has ' +
        'a page, in the reading thread.',
    ],
  }
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
