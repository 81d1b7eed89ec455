import { setTimeout as sleep } from 'node:timers/promises'
import { createScheduler, defineJob, type JobStore, memoryStore, type Scheduler } from '@escapement/core'
import { sqliteStore } from '@escapement/store-db'
import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { percentile } from '../harness/percentile.ts'
import { type Contender, interleaved } from '../harness/rounds.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import { startLatencyFloor } from './start-latency-floor.ts'

type Figure = 'p50' | 'p99'

const PAUSE_MS = 15
const FLOOR = 'floor: INSERT, then claim'
const SAME = 'SQLite, same process'

/** From the call of `enqueue` to the first line of the handler while nothing else is going on. */
export const startLatency: Benchmark = {
  name: 'start-latency',
  title: 'Enqueue to start at low load',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const samples = scale === 'full' ? 200 : 25
  const onFile =
    (run: (path: string) => Promise<readonly number[]>): Contender<Figure>['run'] =>
    async () => {
      using scratch = scratchFile()
      return figures(await run(scratch.path))
    }
  const outcomes = await interleaved<Figure>(
    [
      { name: FLOOR, run: onFile((path) => startLatencyFloor(path, samples, PAUSE_MS)) },
      { name: SAME, run: onFile((path) => sameProcess(sqliteStore(path), samples)) },
      { name: 'SQLite, enqueued by another connection', run: onFile((path) => otherConnection(path, samples)) },
      { name: 'memory', run: async () => figures(await sameProcess(memoryStore(), samples)) },
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
      'Both commits, of the enqueue and of the claim, lie before the start of the handler. Another connection or process is ' +
        'heard by looking at the file each 50 ms.',
    ],
  }
}

function figures(times: readonly number[]): Readonly<Record<Figure, number>> {
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

async function sameProcess(store: JobStore, samples: number): Promise<readonly number[]> {
  const { scheduler, starts } = await started(store)
  const times = await sample(scheduler, starts, samples)
  await scheduler.stop()
  await store.close()
  return times
}

async function otherConnection(path: string, samples: number): Promise<readonly number[]> {
  const store = sqliteStore(path)
  const { scheduler, starts } = await started(store)
  const otherStore = sqliteStore(path)
  const other = createScheduler({ jobs: [noOp(() => undefined)], store: otherStore })
  const times = await sample(other, starts, Math.min(samples, 50))
  await scheduler.stop()
  await other.stop()
  await Promise.all([store.close(), otherStore.close()])
  return times
}

/** Answers the resolver for the next start. */
interface Starts {
  next: (at: number) => void
}

async function started(store: JobStore): Promise<{ scheduler: Scheduler; starts: Starts }> {
  const starts: Starts = { next: () => undefined }
  const scheduler = createScheduler({ jobs: [noOp(() => starts.next(performance.now()))], store })
  await scheduler.start()
  return { scheduler, starts }
}

function noOp(onStart: () => void): ReturnType<typeof defineJob> {
  return defineJob({
    name: 'bench.no-op',
    overlap: 'allow',
    run: () => {
      onStart()
      return null
    },
  }) as ReturnType<typeof defineJob>
}

async function sample(by: Scheduler, starts: Starts, samples: number): Promise<readonly number[]> {
  const times: number[] = []
  for (let n = 0; n < samples; n++) {
    await sleep(PAUSE_MS)
    const start = new Promise<number>((resolve) => (starts.next = resolve))
    const startedAt = performance.now()
    await by.enqueue('bench.no-op', {})
    times.push((await start) - startedAt)
  }
  return times
}
