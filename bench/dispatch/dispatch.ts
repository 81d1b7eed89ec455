import { memoryStore } from '@escapement/core'
import { sqliteStore } from '@escapement/store-db'
import type { Benchmark, Finding, Report, Scale } from '../harness/benchmark.ts'
import { type Contender, interleaved, type Outcome } from '../harness/rounds.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { dispatchFloor } from './dispatch-floor.ts'
import { type DispatchTimes, schedulerDispatch } from './scheduler-dispatch.ts'

type Figure = 'enqueueMs' | 'drainMs' | 'totalMs'

const FLOOR = 'floor, history kept'
const FLOOR_OFF = 'floor, history off'
const OURS = 'Escapement on SQLite, history kept'
const OURS_OFF = 'Escapement on SQLite, history off'
const MEMORY = 'Escapement in memory, history kept'

/** How fast work that does nothing goes through: 10,000 executions, enqueued and then drained. */
export const dispatch: Benchmark = {
  name: 'dispatch',
  title: 'Dispatch: enqueue and drain 10,000 no-op jobs at concurrency 20',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const count = scale === 'full' ? 10_000 : 2_000
  const onFile =
    (run: (path: string) => Promise<DispatchTimes>): Contender<Figure>['run'] =>
    async () => {
      using scratch = scratchFile()
      return withTotal(await run(scratch.path))
    }
  const outcomes = await interleaved<Figure>(
    [
      { name: FLOOR, run: onFile((path) => dispatchFloor(path, count, 'all')) },
      { name: OURS, run: onFile((path) => schedulerDispatch(sqliteStore(path), count, 'all')) },
      { name: FLOOR_OFF, run: onFile((path) => dispatchFloor(path, count, 'none')) },
      { name: OURS_OFF, run: onFile((path) => schedulerDispatch(sqliteStore(path), count, 'none')) },
      { name: MEMORY, run: async () => withTotal(await schedulerDispatch(memoryStore(), count, 'all')) },
    ],
    scale === 'full' ? 7 : 1,
  )
  const of = (name: string): Outcome<Figure> => outcomes.get(name) ?? { enqueueMs: 0, drainMs: 0, totalMs: 0 }
  const rate = (ms: number): number => (count / ms) * 1_000
  const rows = [...outcomes].map(([name, times]) => {
    const floor = of(name.endsWith('off') ? FLOOR_OFF : FLOOR)
    return [
      name,
      rate(times.enqueueMs),
      rate(times.drainMs),
      rate(times.totalMs),
      floor.enqueueMs / times.enqueueMs,
      floor.drainMs / times.drainMs,
      floor.totalMs / times.totalMs,
    ]
  })
  const columns = ['', 'enqueue/s', 'drain/s', 'both/s', 'enqueue ÷ floor', 'drain ÷ floor', 'both ÷ floor']
  return {
    tables: [{ caption: `${count.toLocaleString('en-US')} executions a round`, columns, rows }],
    findings: [
      halfOfFloor('drain, history kept', of(FLOOR).drainMs / of(OURS).drainMs),
      halfOfFloor('enqueue and drain, history kept', of(FLOOR).totalMs / of(OURS).totalMs),
    ],
    notes: [
      'Executions, their attempts and statistics are kept; `history off` deletes what has succeeded and keeps the statistics. ' +
        'The floor inserts 1,000 rows a transaction, then settles 100 and claims the next 100 in one transaction; it checks ' +
        'nothing, holds no lease, tells nobody and copies no WAL. The clock stops when the last verdict is on the disk.',
    ],
  }
}

function withTotal(times: DispatchTimes): Readonly<Record<Figure, number>> {
  return { ...times, totalMs: times.enqueueMs + times.drainMs }
}

function halfOfFloor(what: string, ratio: number): Finding {
  return {
    what,
    figure: `${ratio.toFixed(2)} of the floor`,
    reach: 'at least 0.5 of the floor that keeps the same history',
    isReached: ratio >= 0.5,
  }
}
