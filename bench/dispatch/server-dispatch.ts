import type { Benchmark, Cell, Finding, Report, Scale, Table } from '../harness/benchmark.ts'
import { type MeasuredServers, startMeasuredServers } from '../harness/measured-servers.ts'
import { type Contender, interleaved, type Outcome } from '../harness/rounds.ts'
import { PEERS, settingsText } from '../peers/peers.ts'
import { type DispatchContender, floorContender, ourContender, peerContender } from './server-contenders.ts'

type Figure = 'enqueueMs' | 'drainMs' | 'totalMs'

const SLOW_ROUNDS = 3

/** How fast work that does nothing goes through a database server: 10,000 executions, enqueued and then drained. */
export const serverDispatch: Benchmark = {
  name: 'server-dispatch',
  title: 'Dispatch on servers: enqueue and drain 10,000 no-op jobs at concurrency 20',
  run: async (scale) => report(scale),
}

/** What all contenders did, with the same delay or none. */
export interface DispatchOutcome {
  readonly table: Table
  readonly findings: readonly Finding[]
}

async function report(scale: Scale): Promise<Report> {
  const [count, rounds] = scale === 'full' ? [10_000, 7] : [1_000, 1]
  await using servers = await startMeasuredServers(['postgres', 'mariadb', 'redis'])
  const { table, findings } = await measureDispatch(servers, count, rounds)
  return { tables: [table], findings, notes: [...servers.notes, FLOOR_NOTE, settingsText(PEERS)] }
}

/** What is left to say of the figures. */
export const FLOOR_NOTE: string =
  'The floor inserts 1,000 rows a statement, takes 500 and settles 500 with their attempts and statistics, by prepared ' +
  'statements on one connection and on the same tables; it checks nothing, holds no lease and tells nobody. `history off` ' +
  'deletes what has succeeded; Escapement keeps the statistics. graphile-worker always deletes; what pg-boss and BullMQ ' +
  'keep is the row of the job, without attempts. The clock of the drain begins before the worker is started and stops when ' +
  'the database knows that all have ended.'

/** Lets all contenders that have their server take turns. */
export async function measureDispatch(
  servers: MeasuredServers,
  count: number,
  rounds: number,
): Promise<DispatchOutcome> {
  const contenders = contendersFor(count).filter(({ server }) => servers.has(server))
  const outcomes = await interleaved<Figure>(
    contenders.map(
      (contender): Contender<Figure> => ({
        name: contender.name,
        ...(contender.isSlow ? { rounds: SLOW_ROUNDS } : {}),
        run: () => once(servers, contender),
      }),
    ),
    rounds,
  )
  return {
    table: {
      caption: `${count.toLocaleString('en-US')} executions a round, ${rounds} rounds${rounds > SLOW_ROUNDS ? `, ${SLOW_ROUNDS} of BullMQ and MariaDB` : ''}`,
      columns: ['', 'enqueue/s', 'drain/s', 'both/s', 'enqueue ÷ floor', 'drain ÷ floor'],
      rows: contenders.map((contender) => row(contender, count, outcomes)),
    },
    findings: findingsOf(contenders, outcomes),
  }
}

function contendersFor(count: number): readonly DispatchContender[] {
  return (['all', 'none'] as const).flatMap((history) => [
    floorContender(count, history),
    ourContender('postgres', count, history),
    ...PEERS.filter((peer) => peer.history === history).map((peer) => peerContender(peer, count)),
    ourContender('mariadb', count, history),
  ])
}

async function once(servers: MeasuredServers, contender: DispatchContender): Promise<Readonly<Record<Figure, number>>> {
  await using fresh = await servers.fresh(contender.server)
  const times = await contender.run(fresh.url)
  return { ...times, totalMs: times.enqueueMs + times.drainMs }
}

function row(
  { name, server, history }: DispatchContender,
  count: number,
  outcomes: ReadonlyMap<string, Outcome<Figure>>,
): Cell[] {
  const times = timesOf(name, outcomes)
  const floor = timesOf(floorContender(count, history).name, outcomes)
  const rate = (ms: number): number => (count / ms) * 1_000
  return [
    name,
    rate(times.enqueueMs),
    rate(times.drainMs),
    rate(times.totalMs),
    server === 'postgres' ? floor.enqueueMs / times.enqueueMs : null,
    server === 'postgres' ? floor.drainMs / times.drainMs : null,
  ]
}

function timesOf(name: string, outcomes: ReadonlyMap<string, Outcome<Figure>>): Outcome<Figure> {
  return outcomes.get(name) ?? { enqueueMs: Number.NaN, drainMs: Number.NaN, totalMs: Number.NaN }
}

/** Beside the floor that keeps the same, and beside the fastest peer that keeps no more. */
function findingsOf(
  contenders: readonly DispatchContender[],
  outcomes: ReadonlyMap<string, Outcome<Figure>>,
): readonly Finding[] {
  const drainMs = (name: string): number => timesOf(name, outcomes).drainMs
  const kept = drainMs(ourContender('postgres', 0, 'all').name)
  const off = drainMs(ourContender('postgres', 0, 'none').name)
  const ratio = drainMs(floorContender(0, 'all').name) / kept
  const peers = contenders.filter(({ name }) => !/^(?:floor|Escapement)/.test(name))
  const fastest = peers.toSorted((a, b) => drainMs(a.name) - drainMs(b.name))[0]?.name ?? ''
  const boss = peers.find(({ name }) => name.startsWith('pg-boss'))?.name ?? ''
  return [
    {
      what: 'drain, PostgreSQL, history kept',
      figure: `${ratio.toFixed(2)} of the floor`,
      reach: 'at least 0.6 of the floor that keeps the same history',
      isReached: ratio >= 0.6,
    },
    ahead('drain, PostgreSQL, history kept', 'pg-boss', boss, drainMs(boss) / kept),
    ahead('drain, PostgreSQL, history off', 'all peers', fastest, drainMs(fastest) / off),
  ]
}

function ahead(what: string, of: string, peer: string, ratio: number): Finding {
  return {
    what,
    figure: `${ratio.toFixed(2)} times as fast as ${peer}`,
    reach: `ahead of ${of}`,
    isReached: ratio >= 1,
  }
}
