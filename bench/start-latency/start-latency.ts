import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { percentile } from '../harness/percentile.ts'
import { type Contender, interleaved } from '../harness/rounds.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { otherProcess, sameProcess } from './scheduler-start-latency.ts'
import { startLatencyFloor } from './start-latency-floor.ts'
import { PAUSE_MS } from './starts.ts'

type Figure = 'p50' | 'p99'

const FLOOR = 'floor: INSERT, then claim'
const SAME = 'SQLite, same process'

/** From the call of `enqueue` to the first line of the handler while nothing else is going on. */
export const startLatency: Benchmark = {
  name: 'start-latency',
  title: 'Enqueue to start at low load, SQLite and memory',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const samples = scale === 'full' ? 200 : 25
  const onFile =
    (run: (path: string) => Promise<readonly number[]>): Contender<Figure>['run'] =>
    async () => {
      using scratch = scratchFile()
      return startFigures(await run(scratch.path))
    }
  const outcomes = await interleaved<Figure>(
    [
      { name: FLOOR, run: onFile((path) => startLatencyFloor(path, samples, PAUSE_MS)) },
      { name: SAME, run: onFile((path) => sameProcess({ kind: 'sqlite', path }, samples)) },
      {
        name: 'SQLite, enqueued by another process',
        run: onFile((path) => otherProcess({ kind: 'sqlite', path }, Math.min(samples, 50))),
      },
      { name: 'memory', run: async () => startFigures(await sameProcess({ kind: 'memory' }, samples)) },
    ],
    scale === 'full' ? 5 : 1,
  )
  const ratio = (outcomes.get(SAME)?.p50 ?? Number.NaN) / (outcomes.get(FLOOR)?.p50 ?? Number.NaN)
  return {
    tables: [
      {
        caption: `One enqueue each ${PAUSE_MS} ms, milliseconds`,
        columns: ['', 'p50', 'p99'],
        rows: [...outcomes].map(([name, { p50, p99 }]) => [name, p50, p99]),
      },
    ],
    findings: [
      {
        what: 'enqueue to start, p50',
        figure: `${ratio.toFixed(2)} of the floor`,
        reach: 'at most 1.5 of the floor (set for PostgreSQL)',
        isReached: ratio <= 1.5,
      },
    ],
    notes: [
      'Both commits, of the enqueue and of the claim, lie before the start of the handler. Another process is heard by ' +
        'looking at the file each 50 ms.',
    ],
  }
}

/** What the tables show of the times of one round. */
export function startFigures(times: readonly number[]): Readonly<Record<Figure, number>> {
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}
