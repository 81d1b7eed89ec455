import type { RedisServer } from '../harness/measured-servers.ts'
import { bullmqBackend } from './bullmq-backend.ts'
import { CONCURRENCY, type Peer, type PeerQueue } from './peer.ts'
import { versionOf } from './peer-version.ts'

const JOB = 'no-op'
const BATCH = 1_000

/** BullMQ on one of its two backends, with what succeeded kept (its default) or removed. */
export function bullmqPeer(server: 'postgres' | RedisServer, history: 'all' | 'none'): Peer {
  const where = server === 'postgres' ? 'PostgreSQL' : server.replace('redis', 'Redis')
  return {
    name: `BullMQ ${versionOf('bullmq')} on ${where}`,
    server,
    history,
    settings:
      `\`concurrency: ${CONCURRENCY}\`; jobs are added by \`addBulk\` of ${BATCH.toLocaleString('en-US')}, all batches at once; ` +
      'history off is `removeOnComplete: { count: 0 }`; on PostgreSQL its own backend with a pool of 20, on Redis with an ' +
      'append-only file',
    open: (url) => open(url, server, history),
  }
}

async function open(url: string, server: 'postgres' | RedisServer, history: 'all' | 'none'): Promise<PeerQueue> {
  const backend = await bullmqBackend(url, server)
  const { queue } = backend
  const settings = { concurrency: CONCURRENCY, ...(history === 'none' ? { removeOnComplete: { count: 0 } } : {}) }
  let worker: ReturnType<typeof backend.startWorker> | undefined
  return {
    enqueue: async (data) => void (await queue.add(JOB, data)),
    enqueueMany: async (inputs) => {
      const jobs = inputs.map((data) => ({ name: JOB, data }))
      const batches: (typeof jobs)[] = []
      for (let first = 0; first < jobs.length; first += BATCH) batches.push(jobs.slice(first, first + BATCH))
      await Promise.all(batches.map((batch) => queue.addBulk(batch)))
    },
    work: async (onStart) => {
      worker = backend.startWorker(settings, async ({ data }) => onStart(data))
    },
    isDrained: async () => {
      const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'prioritized')
      return Object.values(counts).every((count) => count === 0)
    },
    [Symbol.asyncDispose]: async () => {
      await worker?.close()
      await queue.close()
    },
  }
}
