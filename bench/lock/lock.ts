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
const KEYS = 10

/** What it costs to take and give back a lock that nobody else wants. */
export const lock: Benchmark = {
  name: 'lock',
  title: 'Lock: acquire and release, uncontended',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const [pairs, rounds] = scale === 'full' ? [100, 71] : [100, 3]
  // The files stay open over all rounds: what an fsync costs depends on how far the WAL has grown.
  using floorFile = scratchFile()
  using mutexFile = scratchFile()
  using floor = lockFloor(floorFile.path)
  await using database = openSqlite({ file: mutexFile.path })
  await using onFile = dbMutex(database)
  await using inMemory = memoryMutex()
  const contender = (name: string, pair: (key: string) => Promise<void>): Contender<Figure> => ({
    name,
    run: async () => timed(pairs, pair),
  })
  const ofMutex = (mutex: MutexManager) => async (key: string) => {
    const lease = await mutex.acquire(key)
    await lease.release()
  }
  const contenders = [
    contender(FLOOR, async (key) => floor.pair(key)),
    contender(OURS, ofMutex(onFile)),
    contender('memoryMutex', ofMutex(inMemory)),
  ]
  for (const each of contenders) await each.run()
  const outcomes = await interleaved<Figure>(contenders, rounds)
  const ratio = (outcomes.get(OURS)?.p50 ?? Number.NaN) / (outcomes.get(FLOOR)?.p50 ?? Number.NaN)
  return {
    tables: [
      {
        caption: `${pairs} pairs a round, one after the other, ${rounds} rounds, milliseconds a pair`,
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
        'that frees it, with the checkpoints that SQLite makes by itself; `dbMutex` adds deadlines, renewal, the abort signal and errors that say what to do.',
    ],
  }
}

/** Locks and frees one key after another. */
async function timed(pairs: number, pair: (key: string) => Promise<void>): Promise<Readonly<Record<Figure, number>>> {
  const times: number[] = []
  for (let n = 0; n < pairs; n++) {
    const startedAt = performance.now()
    await pair(`bench-${n % KEYS}`)
    times.push(performance.now() - startedAt)
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

interface LockFloor extends Disposable {
  pair(key: string): void
}

function lockFloor(path: string): LockFloor {
  const database = new DatabaseSync(path)
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
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
  for (let n = 0; n < KEYS; n++) seed.run(`bench-${n}`)
  return {
    pair: (key) => {
      const row = acquire.get(key, 'floor', Date.now()) as { fence: number }
      release.run(key, 'floor', row.fence)
    },
    [Symbol.dispose]: () => database.close(),
  }
}
