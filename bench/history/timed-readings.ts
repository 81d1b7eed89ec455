import { createScheduler, defineJob, every } from '@escapement/core'
import type { Finding, Table } from '../harness/benchmark.ts'
import { greatest, percentile } from '../harness/percentile.ts'
import { openPlace, type StorePlace } from '../harness/store-place.ts'
import { type Reading, READINGS } from './page-times.ts'
import { JOBS } from './seeded-file.ts'

/** What the 95th percentile of each kind should reach. */
const REACH_MS: Readonly<Record<Reading['kind'], number>> = { page: 10, statistics: 20, search: Number.NaN }

/** How long one kind of read took each time. Milliseconds. */
export interface TimedReading {
  readonly name: string
  readonly kind: Reading['kind']
  readonly times: readonly number[]
}

/** Reads a long history by the public calls, each kind so often, with other values each time. */
export async function timeReadings(place: StorePlace, now: number, samples: number): Promise<readonly TimedReading[]> {
  await using placed = openPlace(place)
  const names = Array.from({ length: JOBS }, (_, n) => `bench.job-${String(n).padStart(3, '0')}`)
  const jobs = names.map((name) => defineJob({ name, trigger: every('6h'), run: () => null }))
  const scheduler = createScheduler({ jobs, store: placed.store, roles: ['plan'] })
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
  return timed
}

export function readingsTable(caption: string, readings: readonly TimedReading[]): Table {
  return {
    caption,
    columns: ['', 'kind', 'p50', 'p95', 'max'],
    rows: readings.map(({ name, kind, times }) => [
      name,
      kind,
      percentile(times, 0.5),
      percentile(times, 0.95),
      greatest(times),
    ]),
  }
}

/** The slowest page and the slowest statistics, and all others that are too slow. */
export function readingFindings(readings: readonly TimedReading[]): readonly Finding[] {
  return [...worst(readings, 'page'), ...worst(readings, 'statistics')]
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
