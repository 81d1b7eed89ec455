import { memoryMutex, type MutexManager } from '@escapement/core'
import { createTestDatabase, startServers } from '@escapement/testkit/servers'
import type { Benchmark, Finding, Report, Scale } from '../harness/benchmark.ts'
import { percentile } from '../harness/percentile.ts'
import { type Contender, interleaved, type Outcome } from '../harness/rounds.ts'
import { keyOf, type MeasuredLock } from './measured-lock.ts'
import { postgresLock } from './postgres-lock.ts'
import { sqliteLock } from './sqlite-lock.ts'

type Figure = 'p50' | 'p99'

/** What it costs to take and give back a lock that nobody else wants. */
export const lock: Benchmark = {
  name: 'lock',
  title: 'Lock: acquire and release, uncontended',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const [pairs, rounds] = scale === 'full' ? [100, 71] : [100, 3]
  await using started = await startServers(['postgres'])
  await using stack = new AsyncDisposableStack()
  const locks: MeasuredLock[] = [stack.use(sqliteLock())]
  if (started.servers.postgres !== undefined) {
    const database = stack.use(await createTestDatabase('postgres', started.servers.postgres.url))
    locks.push(stack.use(await postgresLock(database.url)))
  }
  const inMemory = stack.use(memoryMutex())
  const contender = (name: string, pair: (key: string) => Promise<void>): Contender<Figure> => ({
    name,
    run: async () => timed(pairs, pair),
  })
  // One database after the other, so that nothing else disturbs what is compared.
  const groups = [
    ...locks.map((each) => [
      contender(floorOf(each), (key) => each.floor(key)),
      contender(oursOn(each), ofMutex(each.mutex)),
    ]),
    [contender('memoryMutex', ofMutex(inMemory))],
  ]
  const outcomes = new Map<string, Outcome<Figure>>()
  for (const contenders of groups) {
    for (const each of contenders) await each.run()
    for (const [name, outcome] of await interleaved<Figure>(contenders, rounds)) outcomes.set(name, outcome)
  }
  return {
    tables: [
      {
        caption: `${pairs} pairs a round, one after the other, ${rounds} rounds, milliseconds a pair`,
        columns: ['', 'p50', 'p99'],
        rows: [...outcomes].map(([name, { p50, p99 }]) => [name, p50, p99]),
      },
    ],
    findings: locks.map((each) => finding(each, outcomes.get(oursOn(each))?.p50, outcomes.get(floorOf(each))?.p50)),
    notes: [
      'Each pair is two commits with their fsyncs. The floor is one update that takes the row with a fence and one ' +
        'that frees it, on SQLite with the checkpoints that it makes by itself, on PostgreSQL by named statements ' +
        'through the same pool; `dbMutex` adds deadlines, renewal, the abort signal and errors that say what to do.',
      ...started.unavailable.map(({ kind, reason }) => `Not measured on ${kind}: ${reason}`),
    ],
  }
}

function floorOf({ database }: MeasuredLock): string {
  return `floor on ${database}: two prepared statements`
}

function oursOn({ database }: MeasuredLock): string {
  return `dbMutex on ${database}`
}

function finding({ database, reach }: MeasuredLock, ours: number = Number.NaN, floor: number = Number.NaN): Finding {
  const ratio = ours / floor
  return {
    what: `acquire + release on ${database}, p50`,
    figure: `${ratio.toFixed(2)} of the floor`,
    reach: `at most ${reach} of the floor`,
    isReached: ratio <= reach,
  }
}

function ofMutex(mutex: MutexManager): (key: string) => Promise<void> {
  return async (key) => {
    const lease = await mutex.acquire(key)
    await lease.release()
  }
}

/** Locks and frees one key after another. */
async function timed(pairs: number, pair: (key: string) => Promise<void>): Promise<Readonly<Record<Figure, number>>> {
  const times: number[] = []
  for (let n = 0; n < pairs; n++) {
    const startedAt = performance.now()
    await pair(keyOf(n))
    times.push(performance.now() - startedAt)
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}
