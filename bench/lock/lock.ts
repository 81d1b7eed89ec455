import { DatabaseSync } from 'node:sqlite'
import { memoryMutex, type MutexManager } from '@escapement/core'
import { openSqlite } from '@escapement/db'
import { dbMutex } from '@escapement/lock-db'
import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { percentile } from '../harness/percentile.ts'
import { type Contender, interleaved } from '../harness/rounds.ts'
import { scratchFile } from '../harness/scratch-file.ts'

type Figure = 'p50' | 'p99'

const FLOOR = 'floor: two prepared statements'
const OURS = 'dbMutex on SQLite'

/** What it costs to take and give back a lock that nobody else wants. */
export const lock: Benchmark = {
  name: 'lock',
  title: 'Lock: acquire and release, uncontended',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const pairs = scale === 'full' ? 1_000 : 200
  const onFile =
    (run: (path: string) => Promise<readonly number[]>): Contender<Figure>['run'] =>
    async () => {
      using scratch = scratchFile()
      return figures(await run(scratch.path))
    }
  const outcomes = await interleaved<Figure>(
    [
      { name: FLOOR, run: onFile((path) => lockFloor(path, pairs)) },
      { name: OURS, run: onFile((path) => mutexPairs(dbMutex(openSqlite({ file: path })), pairs)) },
      { name: 'memoryMutex', run: async () => figures(await mutexPairs(memoryMutex(), pairs)) },
    ],
    scale === 'full' ? 7 : 1,
  )
  const ratio = (outcomes.get(OURS)?.p50 ?? Number.NaN) / (outcomes.get(FLOOR)?.p50 ?? Number.NaN)
  return {
    tables: [
      {
        caption: `${pairs.toLocaleString('en-US')} pairs a round, one after the other, milliseconds a pair`,
        columns: ['', 'p50', 'p99'],
        rows: [...outcomes].map(([name, { p50, p99 }]) => [name, p50, p99]),
      },
    ],
    findings: [
      {
        what: 'acquire + release on SQLite, p50',
        figure: `${ratio.toFixed(2)} of the floor`,
        reach: 'at most 1.25 of the floor',
        isReached: ratio <= 1.25,
      },
    ],
    notes: [
      'Each pair is two commits with their fsyncs. The floor is one update that takes the row with a fence and one ' +
        'that frees it; `dbMutex` adds deadlines, renewal, the abort signal and errors that say what to do.',
    ],
  }
}

function figures(times: readonly number[]): Readonly<Record<Figure, number>> {
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

async function mutexPairs(mutex: MutexManager, pairs: number): Promise<readonly number[]> {
  await (await mutex.acquire('warm-up')).release()
  const times: number[] = []
  for (let n = 0; n < pairs; n++) {
    const startedAt = performance.now()
    const lease = await mutex.acquire(`bench-${n % 10}`)
    await lease.release()
    times.push(performance.now() - startedAt)
  }
  await mutex.close()
  return times
}

async function lockFloor(path: string, pairs: number): Promise<readonly number[]> {
  const database = new DatabaseSync(path)
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
     CREATE TABLE locks (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  )
  const acquire = database.prepare(
    `UPDATE locks SET owner = ?2, fence = max(fence + 1, ?3 * 1000), expires_at = ?3 + 30000
     WHERE key = ?1 AND expires_at <= ?3 RETURNING fence`,
  )
  const release = database.prepare(
    'UPDATE locks SET owner = NULL, expires_at = 0 WHERE key = ? AND owner = ? AND fence = ?',
  )
  const seed = database.prepare('INSERT INTO locks (key, fence, expires_at) VALUES (?, 0, 0)')
  for (let n = 0; n < 10; n++) seed.run(`bench-${n}`)
  const times: number[] = []
  for (let n = 0; n < pairs; n++) {
    const startedAt = performance.now()
    const key = `bench-${n % 10}`
    const row = acquire.get(key, 'floor', Date.now()) as { fence: number }
    release.run(key, 'floor', row.fence)
    times.push(performance.now() - startedAt)
  }
  database.close()
  return times
}
