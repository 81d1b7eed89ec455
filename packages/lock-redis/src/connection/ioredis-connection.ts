import type { EventSource, IoredisClient } from './redis-client.ts'
import type { ConnectionState, RedisConnection, RedisSubscriber, SubscriberEvents } from './redis-connection.ts'
import { watchState } from './watch-state.ts'

interface IoredisSubscriber extends EventSource {
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

/** The states from which a client does not come back by itself. */
const CLOSED = new Set(['end', 'disconnecting'])
/** For a connection that is replaced rather than repaired; the host's prefix would change the names of channels. */
const SUBSCRIBER_OPTIONS = {
  keyPrefix: '',
  retryStrategy: (): null => null,
  clusterRetryStrategy: (): null => null,
  lazyConnect: false,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
}

/** A client of ioredis. */
export class IoredisConnection implements RedisConnection {
  readonly isCluster: boolean
  readonly #client: IoredisClient

  constructor(client: IoredisClient) {
    this.#client = client
    this.isCluster = client.isCluster
  }

  get state(): ConnectionState {
    const { status } = this.#client
    if (status === 'ready') return 'ready'
    return CLOSED.has(status) ? 'closed' : 'connecting'
  }

  get session(): unknown {
    return this.#client.stream
  }

  send(_key: string | null, [name = '', ...values]: readonly string[]): Promise<unknown> {
    return this.#client.call(name, ...values)
  }

  connect(): void {
    // Else it has been told to connect already, and says so by rejecting.
    if (this.#client.status === 'wait') this.#client.connect().catch(() => undefined)
  }

  watch(onChange: (error?: unknown) => void): () => void {
    return watchState(this.#client, onChange)
  }

  subscriber(events: SubscriberEvents): RedisSubscriber {
    const client = this.#client as unknown as { duplicate(...values: unknown[]): IoredisSubscriber }
    const connection = this.isCluster
      ? client.duplicate([], SUBSCRIBER_OPTIONS) // at the places that the client knows
      : client.duplicate(SUBSCRIBER_OPTIONS)
    connection.on('message', (channel) => events.onMessage(String(channel)))
    for (const event of ['error', 'close', 'end']) connection.on(event, (cause) => events.onEnd(cause))
    return {
      subscribe: async (channel) => void (await connection.subscribe(channel)),
      unsubscribe: async (channel) => void (await connection.unsubscribe(channel)),
      close: () => connection.disconnect(),
    }
  }
}
