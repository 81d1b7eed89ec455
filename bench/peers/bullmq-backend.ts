import { createPostgresBackend, type Job, Queue, runMigrations, Worker, type WorkerOptions } from 'bullmq'
import { Client } from 'pg'
import type { RedisServer } from '../harness/measured-servers.ts'

const QUEUE = 'bench'

/** What is used of BullMQ, whatever it keeps its jobs in. */
export interface BullmqBackend {
  readonly queue: Pick<Queue, 'add' | 'addBulk' | 'getJobCounts' | 'upsertJobScheduler' | 'close'>
  startWorker(
    settings: Pick<WorkerOptions, 'concurrency' | 'removeOnComplete'>,
    run: (job: Pick<Job, 'id' | 'data'>) => Promise<void>,
  ): Pick<Worker, 'close'>
}

/**
 * Opens one queue.
 *
 * @param tables - On PostgreSQL `migrate` makes the tables first.
 */
export async function bullmqBackend(
  url: string,
  server: 'postgres' | RedisServer,
  tables: 'migrate' | 'use' = 'migrate',
): Promise<BullmqBackend> {
  if (server !== 'postgres') return await onRedis(url)
  if (tables === 'migrate') await migrate(url)
  return await onPostgres(url)
}

async function migrate(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await runMigrations(client)
  await client.end()
}

async function onPostgres(url: string): Promise<BullmqBackend> {
  const connection = { connectionString: url, max: 20 }
  const queue = new Queue(QUEUE, { connection }, createPostgresBackend)
  await queue.waitUntilReady()
  return {
    queue,
    startWorker: (settings, run) => heard(new Worker(QUEUE, run, { connection, ...settings }, createPostgresBackend)),
  }
}

async function onRedis(url: string): Promise<BullmqBackend> {
  const connection = { url }
  const queue = new Queue(QUEUE, { connection })
  await queue.waitUntilReady()
  return { queue, startWorker: (settings, run) => heard(new Worker(QUEUE, run, { connection, ...settings })) }
}

/** What both kinds of worker have. */
interface AnyWorker {
  readonly closing?: Promise<void> | undefined
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

/** An error that nobody listens for would end the process; those of connections that end with their database are none. */
function heard<W extends AnyWorker>(worker: W): W {
  worker.on('error', (error) => {
    if (worker.closing === undefined) console.error(error)
  })
  return worker
}
