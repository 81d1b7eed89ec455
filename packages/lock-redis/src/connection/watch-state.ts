import type { EventSource } from './redis-client.ts'

/** Calls back at the events by which the clients of all libraries tell of their state, until the answer is called. */
export function watchState(client: EventSource, onChange: (error?: unknown) => void): () => void {
  const onState = (): void => onChange()
  client.on('ready', onState)
  client.on('end', onState)
  client.on('error', onChange)
  return () => {
    client.off('ready', onState)
    client.off('end', onState)
    client.off('error', onChange)
  }
}
