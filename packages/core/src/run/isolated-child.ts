/** Where an isolated handler's process begins: the channel is the IPC pipe that `fork` opens; pipe 4 carries the lease. */
import { Worker } from 'node:worker_threads'
import { type HostChannel, runGuest } from './isolated-guest.ts'
import { type HostMessage, isOurs } from './isolated-message.ts'

new Worker(new URL('./isolated-watchdog-worker.ts', import.meta.url), { workerData: { fd: 4 } }).unref()

let listener: ((message: HostMessage) => void) | undefined
let isAborted = false

const channel: HostChannel = {
  send: (message, sent) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => sent?.())
    else sent?.()
  },
  onMessage: (listen) => {
    listener = listen
  },
  onClose: (listen) => void (process.connected ? process.once('disconnect', listen) : listen()),
  leave: () => {
    if (process.connected) process.disconnect()
  },
}

process.on('message', (message: unknown) => {
  if (!isOurs(message)) return
  const ours = message as HostMessage
  if (ours.type === 'escapement:abort') isAborted = true
  if (ours.type === 'escapement:start') void runGuest(ours, channel)
  else listener?.(ours)
})

// Ctrl-C and service managers signal the whole group: it is the host that decides when its handlers end.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => {
  if (isAborted) process.exit(143) // 128 + 15, as shells report SIGTERM
})
