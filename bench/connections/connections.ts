import { setTimeout as sleep } from 'node:timers/promises'
import { createScheduler, defineJob, every } from '@escapement/core'
import { Client } from 'pg'
import type { Benchmark, Cell, Report, Scale } from '../harness/benchmark.ts'
import { type MeasuredServers, startMeasuredServers } from '../harness/measured-servers.ts'
import { greatest } from '../harness/percentile.ts'
import { openPlace, type PoolSizes } from '../harness/store-place.ts'
import type { Peer } from '../peers/peer.ts'
import { PEERS, settingsText } from '../peers/peers.ts'

const LOOK_MS = 20

/** How many connections one instance holds. */
export const connections: Benchmark = {
  name: 'connections',
  title: 'Connections of one instance, PostgreSQL',
  run: async (scale) => report(scale),
}

/** One instance that works: `load` makes it as busy as it can be, and resolves when all is done. */
interface Instance extends AsyncDisposable {
  load(count: number): Promise<void>
}

async function report(scale: Scale): Promise<Report> {
  const isFull = scale === 'full'
  await using servers = await startMeasuredServers(['postgres'])
  if (!servers.has('postgres')) return { tables: [], findings: [], notes: servers.notes }
  const peers = PEERS.filter(({ server }) => server === 'postgres')
  const rows: Cell[][] = []
  const measure = async (name: string, open: (url: string) => Promise<Instance>): Promise<void> => {
    rows.push([name, ...(await counted(servers, open, isFull ? 10_000 : 500, isFull ? 5_000 : 500))])
  }
  for (const sizes of [
    { pool: 10, control: 2 },
    { pool: 1, control: 1 },
  ]) {
    const name = `Escapement, pool of ${sizes.pool}, control pool of ${sizes.control}, notify`
    await measure(name, (url) => ourInstance(url, sizes))
  }
  for (const peer of peers.filter((each, n) => peers.findIndex(({ name }) => name === each.name) === n)) {
    await measure(peer.name, (url) => peerInstance(peer, url))
  }
  return {
    tables: [
      {
        caption: 'Sessions in `pg_stat_activity`, the most that were seen',
        columns: ['', 'idle', 'draining no-op jobs at concurrency 20'],
        rows,
      },
    ],
    findings: [],
    notes: [
      ...servers.notes,
      'Pools open connections as they are needed and close those that idle for 10 s, so the most is what counts. An idle ' +
        'instance of Escapement has a job that is due each second. Handlers here use no connection of their own.',
      settingsText(peers),
    ],
  }
}

async function ourInstance(url: string, sizes: PoolSizes): Promise<Instance> {
  const placed = openPlace({ kind: 'postgres', url }, sizes)
  const work = defineJob({ name: 'bench.no-op', overlap: 'allow', run: () => null })
  const tick = defineJob({ name: 'bench.tick', trigger: every('1s'), run: () => null })
  const scheduler = createScheduler({ jobs: [work, tick], store: placed.store, concurrency: 20 })
  await scheduler.start()
  return {
    load: async (count) => {
      const inputs = Array.from({ length: count }, (_, n) => ({ n }))
      let settled = 0
      const all = Promise.withResolvers<void>()
      scheduler.on('execution:succeeded', ({ job }) => {
        if (job === work.name && ++settled === count) all.resolve()
      })
      await scheduler.enqueueMany(work.name, inputs)
      await all.promise
    },
    [Symbol.asyncDispose]: async () => {
      await scheduler.stop()
      await placed[Symbol.asyncDispose]()
    },
  }
}

async function peerInstance(peer: Peer, url: string): Promise<Instance> {
  const queue = await peer.open(url)
  let starts = 0
  let onStart = (): void => undefined
  await queue.work(() => onStart())
  return {
    load: async (count) => {
      const all = Promise.withResolvers<void>()
      onStart = () => {
        if (++starts === count) all.resolve()
      }
      await queue.enqueueMany(Array.from({ length: count }, (_, n) => ({ n })))
      await all.promise
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }
}

/** The most sessions while it idles, and while it is busy. */
async function counted(
  servers: MeasuredServers,
  open: (url: string) => Promise<Instance>,
  jobs: number,
  idleMs: number,
): Promise<readonly [idle: number, busy: number]> {
  await using fresh = await servers.fresh('postgres')
  await using instance = await open(fresh.url)
  const watcher = new Client({ connectionString: fresh.url })
  await watcher.connect()
  const idle = await mostSessions(watcher, sleep(idleMs))
  const busy = await mostSessions(watcher, instance.load(jobs))
  await watcher.end()
  return [idle, busy]
}

async function mostSessions(watcher: Client, until: Promise<void>): Promise<number> {
  const seen: number[] = []
  const over = until.then(() => 'over' as const)
  while ((await Promise.race([over, sleep(LOOK_MS)])) !== 'over') {
    const { rows } = await watcher.query<{ sessions: number }>(
      'SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    seen.push(rows[0]?.sessions ?? 0)
  }
  return greatest(seen)
}
