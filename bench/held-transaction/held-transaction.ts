import { createTestDatabase, startServers } from '@escapement/testkit/servers'
import { Client } from 'pg'
import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { median } from '../harness/percentile.ts'
import { BusyArm } from './busy-arm.ts'

/** For how long an arm works before it is the other's turn. Milliseconds. */
const TURN_MS = 10_000
const QUICK_TURN_MS = 1_000
/** Four minutes of work each. */
const TURNS = 24
const QUICK_TURNS = 3
/** Parts of the run that stand in the table. */
const PARTS = 4

/** Throughput while a transaction is held open beside it, which keeps PostgreSQL from cleaning up. */
export const heldTransaction: Benchmark = {
  name: 'held-transaction',
  title: 'An old transaction held open on PostgreSQL',
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const [turns, turnMs] = scale === 'full' ? [TURNS, TURN_MS] : [QUICK_TURNS, QUICK_TURN_MS]
  await using started = await startServers(['postgres'])
  const server = started.servers.postgres
  if (server === undefined) {
    return { tables: [], findings: [], notes: started.unavailable.map(({ kind, reason }) => `No ${kind}: ${reason}`) }
  }
  await using free = await createTestDatabase('postgres', server.url)
  await using held = await createTestDatabase('postgres', server.url)
  await using freeArm = await BusyArm.start(free.url)
  await using heldArm = await BusyArm.start(held.url)
  for (const arm of [freeArm, heldArm]) await arm.work(turnMs) // until both have found their pace
  const holder = new Client({ connectionString: held.url })
  await holder.connect()
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await holder.query('SELECT count(*) FROM escapement_jobs') // from now on it sees this moment
  const rates: { readonly free: number; readonly held: number }[] = []
  for (let turn = 0; turn < turns; turn++) {
    // Whoever goes first changes, so that what the machine does meanwhile meets both alike.
    const first = turn % 2 === 0 ? freeArm : heldArm
    const firstRate = await first.work(turnMs)
    const secondRate = await (first === freeArm ? heldArm : freeArm).work(turnMs)
    rates.push(first === freeArm ? { free: firstRate, held: secondRate } : { free: secondRate, held: firstRate })
  }
  await holder.query('ROLLBACK')
  await holder.end()
  const ratioOf = (some: typeof rates): number => median(some.map((rate) => rate.held / rate.free))
  const parts = Array.from({ length: PARTS }, (_, part) =>
    rates.slice(Math.floor((part * turns) / PARTS), Math.floor(((part + 1) * turns) / PARTS)),
  ).filter((part) => part.length > 0)
  const [whole, last] = [ratioOf(rates), ratioOf(parts.at(-1) ?? rates)]
  return {
    tables: [
      {
        caption: `Executions a second in turns of ${turnMs / 1_000} s, ${(turns * turnMs) / 60_000} min of work each, medians`,
        columns: ['part of the run', 'no transaction open', 'one held open', 'ratio'],
        rows: parts.map((part, index) => [
          `${index + 1} of ${parts.length}`,
          median(part.map((rate) => rate.free)),
          median(part.map((rate) => rate.held)),
          ratioOf(part),
        ]),
      },
    ],
    findings: [['the whole time', whole] as const, ['its last part', last] as const].map(([when, ratio]) => ({
      what: `throughput while a transaction is held open, ${when}`,
      figure: `${ratio.toFixed(2)} of that without`,
      reach: 'at least 0.9',
      isReached: ratio >= 0.9,
    })),
    notes: [
      'Two schedulers on two databases of one server take turns; in one database a transaction stays open that began before. ' +
        'PostgreSQL keeps, for such a transaction, every version of a row that was replaced since, and whoever reads the ' +
        'index of what waits steps over them. History is kept.',
    ],
  }
}
