import type { EventSource, NodeRedisClient, NodeRedisCluster } from './redis-client.ts'
import type { ConnectionState, RedisConnection, RedisSubscriber, SubscriberEvents } from './redis-connection.ts'
import { UnwrittenCommands } from './unwritten-commands.ts'
import { watchState } from './watch-state.ts'

interface NodeRedisSubscriber extends EventSource {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: unknown, channel: unknown) => void): Promise<void>
  unsubscribe(channel: string): Promise<void>
  destroy(): void
}

/** A client of redis (node-redis), or a Cluster of it. */
export class NodeRedisConnection implements RedisConnection {
  readonly isCluster: boolean
  /** Never: what was under way when a connection is lost is rejected. */
  readonly session = null
  readonly #client: NodeRedisClient | NodeRedisCluster
  readonly #unwritten: UnwrittenCommands

  constructor(client: NodeRedisClient | NodeRedisCluster) {
    this.#client = client
    this.#unwritten = new UnwrittenCommands(client)
    this.isCluster = isCluster(client)
  }

  get state(): ConnectionState {
    const client = this.#client
    if (!client.isOpen) return 'closed'
    // A Cluster of version 5 does not tell, and asks its servers itself.
    return isCluster(client) || client.isReady ? 'ready' : 'connecting'
  }

  async send(key: string | null, command: readonly string[]): Promise<unknown> {
    const client = this.#client
    return this.#unwritten.during((options) =>
      isCluster(client)
        ? client.sendCommand(key ?? undefined, false, [...command], options)
        : client.sendCommand(command, options),
    )
  }

  /** The host connects it: the client refuses to be used before. */
  connect(): void {}

  watch(onChange: (error?: unknown) => void): () => void {
    return watchState(this.#client, onChange)
  }

  subscriber(events: SubscriberEvents): RedisSubscriber {
    const connection = this.#client.duplicate() as NodeRedisSubscriber
    for (const event of ['error', 'reconnecting', 'end']) connection.on(event, (cause) => events.onEnd(cause))
    const connected = connection.connect()
    connected.catch(() => undefined) // those who subscribe hear of it
    return {
      subscribe: async (channel) => {
        await connected
        await connection.subscribe(channel, (_message, from) => events.onMessage(String(from)))
      },
      unsubscribe: async (channel) => connection.unsubscribe(channel),
      close: () => {
        if (connection.isOpen) connection.destroy()
      },
    }
  }
}

function isCluster(client: NodeRedisClient | NodeRedisCluster): client is NodeRedisCluster {
  return 'masters' in client
}
