import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { startMeasuredServers } from '../harness/measured-servers.ts'
import { JOBS } from './seeded-file.ts'
import { MARIADB_CACHE_BYTES, seedServer } from './seeded-server.ts'
import { readingFindings, readingsTable, timeReadings } from './timed-readings.ts'

const NAMES = { postgres: 'PostgreSQL', mariadb: 'MariaDB' } as const

/** How long reads take on a long history on a server. */
export function historyOn(kind: keyof typeof NAMES): Benchmark {
  return {
    name: `history-${kind}`,
    title: `History at 1,000,000 executions, ${NAMES[kind]}`,
    run: (scale) => report(kind, scale),
  }
}

async function report(kind: keyof typeof NAMES, scale: Scale): Promise<Report> {
  const [count, samples] = scale === 'full' ? [1_000_000, 200] : [30_000, 10]
  await using servers = await startMeasuredServers([kind])
  if (!servers.has(kind)) return { tables: [], findings: [], notes: servers.notes }
  await using fresh = await servers.fresh(kind)
  const now = Date.now()
  await seedServer(kind, fresh.url, count, now)
  const readings = await timeReadings({ kind, url: fresh.url }, now, samples)
  return {
    tables: [
      readingsTable(`Reads of ${count.toLocaleString('en-US')} executions on ${NAMES[kind]}, milliseconds`, readings),
    ],
    findings: readingFindings(readings),
    notes: [
      ...servers.notes,
      `${JOBS} jobs over 30 days, an attempt each; pages hold 50 rows. Times are those of the public calls. Text search has no ` +
        'index: it reads on until it has a page.',
      ...(kind === 'mariadb' ? [`\`innodb_buffer_pool_size\` is ${MARIADB_CACHE_BYTES / 1024 ** 3} GB.`] : []),
    ],
  }
}
