/** How far a client is: only one that is `ready` sends at once; `closed` ones send nothing until the host connects them. */
export type ConnectionState = 'ready' | 'connecting' | 'closed'

/** A connection for nothing but messages. Gone for good at the first trouble, so that no message is missed unnoticed. */
export interface RedisSubscriber {
  /** Resolves when every later message of the channel will arrive. */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): Promise<void>
  /** Idempotent. */
  close(): void
}

/** What a subscriber tells. */
export interface SubscriberEvents {
  onMessage(channel: string): void
  /** Messages may be missed from now on. Maybe called more than once. */
  onEnd(cause: unknown): void
}

/** A client of the host, whatever its library. */
export interface RedisConnection {
  /** Whether keys of different hash tags may be on different servers. */
  readonly isCluster: boolean
  readonly state: ConnectionState
  /** Another value once what was under way may have been sent a second time, on another connection. */
  readonly session: unknown

  /** Sends one command. `key` is the first of its keys, null when it has none: in a Cluster any server will then do. */
  send(key: string | null, command: readonly string[]): Promise<unknown>

  /** Begins to connect where the client does so by itself when it is first used. */
  connect(): void

  /**
   * Calls back when the client has become ready or closed, or has failed to, maybe more than once.
   *
   * @returns Ends that.
   */
  watch(onChange: (error?: unknown) => void): () => void

  /** One more connection to the same server. */
  subscriber(events: SubscriberEvents): RedisSubscriber
}
