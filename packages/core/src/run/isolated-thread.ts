import { Worker } from 'node:worker_threads'
import type { IsolatedHandler } from '../job/isolated.ts'
import type { GuestChannel, GuestListener } from './isolated-guest-channel.ts'
import { type GuestMessage, type HostMessage, isOurs, type StartMessage } from './isolated-message.ts'

/**
 * Starts a guest in a worker thread. Its end comes after its last message (Node.js drains the port before `exit`).
 *
 * @throws What `Worker` throws: a wrong resource limit, no memory for another thread.
 */
export function startThread(handler: IsolatedHandler, start: StartMessage, listener: GuestListener): GuestChannel {
  const worker = new Worker(new URL('./isolated-worker.ts', import.meta.url), {
    name: start.context.job,
    workerData: start,
    ...(handler.resourceLimits !== undefined && { resourceLimits: { ...handler.resourceLimits } }),
  })
  let cause: unknown
  worker.on('message', (message: unknown) => {
    if (isOurs(message)) listener.received(message as GuestMessage)
  })
  worker.on('error', (error) => {
    cause = error
  })
  worker.once('exit', (code) => {
    if (isOutOfMemory(cause)) {
      listener.ended({ how: 'ran out of memory; raise resourceLimits or use less', cause })
    } else {
      listener.ended({ how: `exited with code ${code}`, ...(cause !== undefined && { cause }) })
    }
  })
  return {
    send: (message: HostMessage) => worker.postMessage(message),
    terminate: async () => void (await worker.terminate()),
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
}
