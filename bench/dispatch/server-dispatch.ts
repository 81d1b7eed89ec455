import type { JobStore } from '@escapement/core'
import { dbStore } from '@escapement/store-db'
import { createTestDatabase, startServers } from '@escapement/testkit/servers'
import { Pool } from 'pg'
import type { Benchmark, Finding, Report, Scale } from '../harness/benchmark.ts'
import { postgresFloor } from '../harness/postgres-floor.ts'
import { type Contender, interleaved, type Outcome } from '../harness/rounds.ts'
import { type DispatchTimes, schedulerDispatch } from './scheduler-dispatch.ts'
import { serverDispatchFloor } from './server-dispatch-floor.ts'

type Figure = 'enqueueMs' | 'drainMs' | 'totalMs'

/** A contender on a database of its own, and the floor that it is held against. */
interface Entry {
  readonly name: string
  readonly floor: string
  readonly run: (url: string) => Promise<DispatchTimes>
}

const HISTORIES = ['all', 'none'] as const

/** How fast work that does nothing goes through a database server: 10,000 executions, enqueued and then drained. */
export const serverDispatch: Benchmark = {
  name: 'server-dispatch',
  title: 'Dispatch on PostgreSQL: enqueue and drain 10,000 no-op jobs at concurrency 20',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const [count, rounds] = scale === 'full' ? [10_000, 7] : [2_000, 1]
  await using started = await startServers(['postgres'])
  const server = started.servers.postgres
  if (server === undefined) {
    return { tables: [], findings: [], notes: started.unavailable.map(({ kind, reason }) => `No ${kind}: ${reason}`) }
  }
  const entries = entriesFor(count)
  const contenders = entries.map(({ name, run }): Contender<Figure> => {
    const onDatabase = async (): Promise<Readonly<Record<Figure, number>>> => {
      await using database = await createTestDatabase('postgres', server.url)
      const times = await run(database.url)
      return { ...times, totalMs: times.enqueueMs + times.drainMs }
    }
    return { name, run: onDatabase }
  })
  const outcomes = await interleaved<Figure>(contenders, rounds)
  const of = (name: string): Outcome<Figure> => outcomes.get(name) ?? { enqueueMs: 0, drainMs: 0, totalMs: 0 }
  const rate = (ms: number): number => (count / ms) * 1_000
  const rows = entries.map(({ name, floor }) => {
    const [times, least] = [of(name), of(floor)]
    return [
      name,
      rate(times.enqueueMs),
      rate(times.drainMs),
      least.enqueueMs / times.enqueueMs,
      least.drainMs / times.drainMs,
    ]
  })
  const kept = of(floorName('all')).drainMs / of(oursName('all')).drainMs
  return {
    tables: [
      {
        caption: `${count.toLocaleString('en-US')} executions a round`,
        columns: ['', 'enqueue/s', 'drain/s', 'enqueue ÷ floor', 'drain ÷ floor'],
        rows,
      },
    ],
    findings: [drainFinding(kept)],
    notes: [
      'The floor inserts 1,000 rows a statement, takes 500 and settles 500 with their attempts and statistics, by ' +
        'prepared statements on one connection and on the same tables; it checks nothing, holds no lease and tells ' +
        'nobody. PostgreSQL runs with its defaults, `fsync` and `synchronous_commit` on. `history off` deletes what ' +
        'has succeeded and keeps the statistics.',
    ],
  }
}

function entriesFor(count: number): readonly Entry[] {
  return HISTORIES.flatMap((history): Entry[] => [
    {
      name: floorName(history),
      floor: floorName(history),
      run: async (url) => {
        await withStore(url, (store) => store.open()) // makes the tables
        await using floor = await postgresFloor(url)
        return await serverDispatchFloor(floor, count, history)
      },
    },
    {
      name: oursName(history),
      floor: floorName(history),
      run: (url) => withStore(url, (store) => schedulerDispatch(store, count, history)),
    },
  ])
}

async function withStore<T>(url: string, work: (store: JobStore) => Promise<T>): Promise<T> {
  const pool = new Pool({ connectionString: url })
  try {
    await using store = dbStore(pool)
    return await work(store)
  } finally {
    await pool.end()
  }
}

function floorName(history: 'all' | 'none'): string {
  return `floor, history ${history === 'all' ? 'kept' : 'off'}`
}

function oursName(history: 'all' | 'none'): string {
  return `Escapement, history ${history === 'all' ? 'kept' : 'off'}`
}

function drainFinding(ratio: number): Finding {
  return {
    what: 'drain, history kept',
    figure: `${ratio.toFixed(2)} of the floor`,
    reach: 'at least 0.6 of the floor that keeps the same history',
    isReached: ratio >= 0.6,
  }
}
