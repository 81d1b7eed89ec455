import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import {
  freshPlace,
  type MeasuredServers,
  type RedisServer,
  startMeasuredServers,
} from '../harness/measured-servers.ts'
import { versionOf } from '../peers/peer-version.ts'
import { CLUSTER_COLUMNS, clusterFindings, clusterRow } from './cluster-report.ts'
import { runBullmqCluster, runCluster, runFloorCluster, WARM_UP_MS } from './lateness-cluster.ts'

const JOBS = 100
const NAMES = { postgres: 'PostgreSQL', mariadb: 'MariaDB' } as const

/** How late handlers begin where three processes share a server, and whether each tick ran exactly once. */
export const serverLateness: Benchmark = {
  name: 'server-lateness',
  title: `Lateness: ${JOBS} jobs due each second, servers`,
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const isFull = scale === 'full'
  const seconds = isFull ? 20 : 2
  await using servers = await startMeasuredServers(['postgres', 'mariadb', 'redis'])
  const rows: Cell[][] = []
  const findings: Finding[] = []
  if (servers.has('postgres')) {
    await using fresh = await servers.fresh('postgres')
    rows.push(clusterRow('floor on PostgreSQL, 3 processes', await runFloorCluster(fresh.url, JOBS, seconds)))
  }
  for (const kind of ['postgres', 'mariadb'] as const) {
    if (!servers.has(kind)) continue
    for (const kill of isFull ? [false, true] : [false]) {
      const name = `${NAMES[kind]}, 3 processes${kill ? ', one killed' : ''}`
      await using fresh = await freshPlace(servers, kind)
      const outcome = await runCluster({ place: fresh.place, jobs: JOBS, seconds, kill })
      rows.push(clusterRow(`Escapement on ${name}`, outcome))
      findings.push(...clusterFindings(name, outcome, kill))
    }
  }
  for (const server of ['postgres', 'redis, appendfsync everysec'] as const) {
    if (isFull && servers.has(server)) rows.push(await bullmqRow(servers, server, seconds))
  }
  return {
    tables: [
      { caption: `Start of the handler after its tick, ${seconds} s, milliseconds`, columns: CLUSTER_COLUMNS, rows },
    ],
    findings,
    notes: [
      ...servers.notes,
      `Measured from ${WARM_UP_MS / 1_000} s after the last instance has started: before, code is compiled and caches are cold, and ` +
        'single instants are later. The floor asks at the instant, we ask before it.',
      'Three real processes share one database. Ticks, duplicates and misses are counted by id from the ledger and from what ' +
        'each handler noted. What a killed process held runs again when its lease (5 s) is over and stands apart. BullMQ has a ' +
        'job scheduler of `* * * * * *` for each job and workers of concurrency 100; it keeps no ledger, so its ticks are counted ' +
        'by what the handlers noted, as are those of the floor: a timer for the full second and two prepared statements, on rows ' +
        'that were written half a second before. graphile-worker and pg-boss have schedules of whole minutes only.',
    ],
  }
}

async function bullmqRow(servers: MeasuredServers, server: 'postgres' | RedisServer, seconds: number): Promise<Cell[]> {
  await using fresh = await servers.fresh(server)
  const outcome = await runBullmqCluster({ url: fresh.url, server, jobs: JOBS }, seconds)
  const where = server === 'postgres' ? 'PostgreSQL' : 'Redis, appendfsync everysec'
  return clusterRow(`BullMQ ${versionOf('bullmq')} on ${where}, 3 processes`, outcome)
}
