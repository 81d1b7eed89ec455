import { Pool } from 'pg'
import { PgBoss } from 'pg-boss'
import { CONCURRENCY, type Peer, type PeerQueue } from './peer.ts'
import { versionOf } from './peer-version.ts'

const QUEUE = 'no-op'
const BATCH = 1_000
const WORKERS = 4

/** pg-boss, which keeps a row of each job for 7 days, without its attempts. */
export const pgBossPeer: Peer = {
  name: `pg-boss ${versionOf('pg-boss')}`,
  server: 'postgres',
  history: 'all',
  settings:
    `\`work()\` with \`batchSize: ${BATCH}\`, \`localConcurrency: ${WORKERS}\` and \`burstWhenBatchFull\`, woken by ` +
    '`useListenNotify`; jobs are added by one `insert`, one by `send`',
  open,
}

async function open(url: string): Promise<PeerQueue> {
  const boss = new PgBoss({ connectionString: url, max: CONCURRENCY, useListenNotify: true })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  await boss.createQueue(QUEUE, { notify: true })
  const pool = new Pool({ connectionString: url, max: 1 })
  // An ended pool does not wait for its connections, and far away the database may be gone before them.
  pool.on('error', () => undefined)
  return {
    enqueue: async (input) => void (await boss.send(QUEUE, input)),
    enqueueMany: async (inputs) => {
      const jobs = inputs.map((data) => ({ data }))
      await boss.insert(QUEUE, jobs)
    },
    work: async (onStart) => {
      const options = { batchSize: BATCH, localConcurrency: WORKERS, burstWhenBatchFull: true }
      await boss.work(QUEUE, options, async (jobs) => {
        for (const { data } of jobs) onStart(data)
      })
    },
    isDrained: async () => {
      const { rows } = await pool.query(
        `SELECT 1 FROM pgboss.job WHERE name = '${QUEUE}' AND state < 'completed' LIMIT 1`,
      )
      return rows.length === 0
    },
    [Symbol.asyncDispose]: async () => {
      await boss.stop()
      await pool.end()
    },
  }
}
