import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Finding, Report, Scale, Table } from '../harness/benchmark.ts'
import { type MeasuredServer, type MeasuredServers, startMeasuredServers } from '../harness/measured-servers.ts'
import { postgresFloor } from '../harness/postgres-floor.ts'
import { type Contender, interleaved, type Outcome } from '../harness/rounds.ts'
import { openPlace } from '../harness/store-place.ts'
import type { Peer } from '../peers/peer.ts'
import { PEERS, settingsText } from '../peers/peers.ts'
import { ask } from './ask.ts'
import { otherProcess, sameProcess } from './scheduler-start-latency.ts'
import { startFigures } from './start-latency.ts'
import { PAUSE_MS, Starts } from './starts.ts'

type Figure = 'p50' | 'p99'

const FLOOR = 'floor on PostgreSQL: INSERT, then claim'
const SAME = 'Escapement on PostgreSQL, same process'

/** Starts of work on servers while nothing else is going on. */
export const serverStartLatency: Benchmark = {
  name: 'server-start-latency',
  title: 'Enqueue to start at low load, servers',
  run: async (scale) => report(scale),
}

/** What all contenders did, with the same delay or none. */
interface LatencyOutcome {
  readonly table: Table
  readonly findings: readonly Finding[]
}

async function report(scale: Scale): Promise<Report> {
  const [samples, rounds] = scale === 'full' ? [200, 3] : [20, 1]
  await using servers = await startMeasuredServers(['postgres', 'mariadb', 'redis'])
  const { table, findings } = await measureStartLatency(servers, samples, rounds)
  return { tables: [table], findings, notes: [...servers.notes, START_NOTE, settingsText(LATENCY_PEERS)] }
}

/** What is kept changes nothing here, so each peer runs once. */
const LATENCY_PEERS: readonly Peer[] = PEERS.filter(
  (peer) => peer.history === 'all' || !PEERS.some(({ name, history }) => name === peer.name && history === 'all'),
)

/** What is left to say of the figures. */
export const START_NOTE: string =
  'Both commits, of the enqueue and of the claim, lie before the start of the handler. Peers enqueue in the process of ' +
  'the worker, and hear of it as they would of another process. On PostgreSQL other processes are told by NOTIFY; MariaDB ' +
  'is looked at each 250 ms.'

/** Lets all contenders that have their server take turns. */
export async function measureStartLatency(
  servers: MeasuredServers,
  samples: number,
  rounds: number,
): Promise<LatencyOutcome> {
  const contender = (
    server: MeasuredServer,
    name: string,
    run: (url: string) => Promise<readonly number[]>,
  ): Contender<Figure> & { readonly server: MeasuredServer } => ({
    name,
    server,
    run: async () => {
      await using fresh = await servers.fresh(server)
      return startFigures(await run(fresh.url))
    },
  })
  const few = Math.min(samples, 50)
  const contenders = [
    contender('postgres', FLOOR, (url) => floorTimes(url, samples)),
    contender('postgres', SAME, (url) => sameProcess({ kind: 'postgres', url }, samples)),
    contender('postgres', 'Escapement on PostgreSQL, another process', (url) =>
      otherProcess({ kind: 'postgres', url }, samples),
    ),
    contender('mariadb', 'Escapement on MariaDB, same process', (url) =>
      sameProcess({ kind: 'mariadb', url }, samples),
    ),
    contender('mariadb', 'Escapement on MariaDB, another process', (url) =>
      otherProcess({ kind: 'mariadb', url }, few),
    ),
    ...LATENCY_PEERS.map((peer) => contender(peer.server, peer.name, (url) => peerTimes(peer, url, samples))),
  ].filter(({ server }) => servers.has(server))
  const outcomes = await interleaved<Figure>(contenders, rounds)
  return {
    table: {
      caption: `One enqueue each ${PAUSE_MS} ms, milliseconds`,
      columns: ['', 'p50', 'p99'],
      rows: [...outcomes].map(([name, { p50, p99 }]) => [name, p50, p99]),
    },
    findings: [floorFinding(outcomes)],
  }
}

/** An INSERT and a claiming UPDATE, each with its own commit, on the store's tables. */
async function floorTimes(url: string, samples: number): Promise<readonly number[]> {
  {
    await using placed = openPlace({ kind: 'postgres', url })
    await placed.store.open() // makes the tables
  }
  await using floor = await postgresFloor(url)
  const times: number[] = []
  for (let n = 0; n < samples; n++) {
    await sleep(PAUSE_MS)
    const startedAt = performance.now()
    await floor.insert(['{}'])
    await floor.claim(1)
    times.push(performance.now() - startedAt)
  }
  return times
}

async function peerTimes(peer: Peer, url: string, samples: number): Promise<readonly number[]> {
  await using queue = await peer.open(url)
  const starts = new Starts(samples)
  await queue.work((input) => starts.note(input))
  return await starts.since(await ask(samples, (input) => queue.enqueue(input)))
}

function floorFinding(outcomes: ReadonlyMap<string, Outcome<Figure>>): Finding {
  const ratio = (outcomes.get(SAME)?.p50 ?? Number.NaN) / (outcomes.get(FLOOR)?.p50 ?? Number.NaN)
  return {
    what: 'enqueue to start on PostgreSQL, p50',
    figure: `${ratio.toFixed(2)} of the floor`,
    reach: 'at most 1.5 of the floor',
    isReached: ratio <= 1.5,
  }
}
