import { Logger, makeWorkerUtils, type Runner, run } from 'graphile-worker'
import { Pool } from 'pg'
import { CONCURRENCY, type Peer, type PeerQueue } from './peer.ts'
import { versionOf } from './peer-version.ts'

const TASK = 'no-op'
const SILENT = new Logger(() => () => undefined)

/** graphile-worker, which deletes what has succeeded: there is nothing to keep it. */
export const graphileWorkerPeer: Peer = {
  name: `graphile-worker ${versionOf('graphile-worker')}`,
  server: 'postgres',
  history: 'none',
  settings:
    '`localQueue: { size: 500 }`, `completeJobBatchDelay: 0`, `failJobBatchDelay: 0`, a connection more than the ' +
    '20 concurrent jobs, as its page on performance has them; jobs are added by one `addJobs`',
  open,
}

async function open(url: string): Promise<PeerQueue> {
  const pool = new Pool({ connectionString: url, max: CONCURRENCY + 1 })
  // The library asks for both; a lost connection shows in the next query.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const utils = await makeWorkerUtils({ pgPool: pool, logger: SILENT })
  await utils.migrate()
  let runner: Runner | undefined
  return {
    enqueue: async (input) => void (await utils.addJob(TASK, input)),
    enqueueMany: async (inputs) => void (await utils.addJobs(inputs.map((payload) => ({ identifier: TASK, payload })))),
    work: async (onStart) => {
      runner = await run({
        pgPool: pool,
        logger: SILENT,
        noHandleSignals: true,
        taskList: { [TASK]: async (payload) => onStart(payload) },
        preset: {
          worker: {
            concurrentJobs: CONCURRENCY,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
      })
    },
    isDrained: async () => {
      const { rows } = await pool.query('SELECT 1 FROM graphile_worker._private_jobs LIMIT 1')
      return rows.length === 0
    },
    [Symbol.asyncDispose]: async () => {
      await runner?.stop()
      await utils.release()
      await pool.end()
    },
  }
}
