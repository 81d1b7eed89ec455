import { measureDispatch, FLOOR_NOTE } from '../dispatch/server-dispatch.ts'
import type { Benchmark, Report, Scale } from '../harness/benchmark.ts'
import { type MeasuredServers, startMeasuredServers } from '../harness/measured-servers.ts'
import { median } from '../harness/percentile.ts'
import { measureStartLatency, START_NOTE } from '../start-latency/server-start-latency.ts'
import { Client } from 'pg'

const DELAY_MS = 2

/** Dispatch and starts as they are when the database is not on the same machine. */
export const farServers: Benchmark = {
  name: 'far-servers',
  title: `Dispatch and starts with ${DELAY_MS} ms added to each reply`,
  run: async (scale) => report(scale),
}

async function report(scale: Scale): Promise<Report> {
  const isFull = scale === 'full'
  await using near = await startMeasuredServers(['postgres'])
  await using far = await startMeasuredServers(['postgres', 'mariadb', 'redis'], DELAY_MS)
  const nearMs = await roundTripMs(near)
  const farMs = await roundTripMs(far)
  const dispatch = await measureDispatch(far, isFull ? 10_000 : 500, isFull ? 2 : 1)
  const starts = await measureStartLatency(far, isFull ? 100 : 10, 1)
  return {
    tables: [dispatch.table, starts.table],
    findings: [...dispatch.findings, ...starts.findings],
    notes: [
      `A proxy in a process of its own keeps each chunk of replies back for ${DELAY_MS} ms: \`SELECT 1\` takes ` +
        `${farMs.toFixed(1)} ms by way of it, ${nearMs.toFixed(2)} ms without. All contenders, ours and the floor, go through it.`,
      ...far.notes,
      FLOOR_NOTE,
      START_NOTE,
    ],
  }
}

/** The median of a statement that does nothing. */
async function roundTripMs(servers: MeasuredServers): Promise<number> {
  if (!servers.has('postgres')) return Number.NaN
  await using fresh = await servers.fresh('postgres')
  const client = new Client({ connectionString: fresh.url })
  await client.connect()
  const times: number[] = []
  for (let n = 0; n < 100; n++) {
    const startedAt = performance.now()
    await client.query('SELECT 1')
    times.push(performance.now() - startedAt)
  }
  await client.end()
  return median(times)
}
