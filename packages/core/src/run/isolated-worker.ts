/** Where an isolated handler's thread begins: the channel is the thread's own port. */
import { parentPort, workerData } from 'node:worker_threads'
import { runGuest } from './isolated-guest.ts'
import { type HostMessage, isOurs, type StartMessage } from './isolated-message.ts'

if (parentPort !== null) {
  const port = parentPort
  const heard = (listener: (message: HostMessage) => void) => (message: unknown) => {
    if (isOurs(message)) listener(message as HostMessage)
  }
  await runGuest(workerData as StartMessage, {
    send: (message, sent) => {
      port.postMessage(message)
      sent?.()
    },
    onMessage: (listener) => void port.on('message', heard(listener)),
    onClose: (listener) => void port.once('close', listener),
    leave: () => port.unref(),
  })
}
