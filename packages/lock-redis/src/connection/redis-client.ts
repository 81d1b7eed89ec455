/** Whoever emits events, as all clients do. */
export interface EventSource {
  on(event: string, listener: (...values: unknown[]) => void): unknown
  off(event: string, listener: (...values: unknown[]) => void): unknown
}

/** What is used of `Redis` and `Cluster` of ioredis 5 and 6. */
export interface IoredisClient extends EventSource {
  readonly status: string
  readonly isCluster: boolean
  /** The socket; a Cluster has several and tells none. */
  readonly stream?: unknown
  call(command: string, ...values: string[]): Promise<unknown>
  connect(): Promise<unknown>
  duplicate(...values: never[]): unknown
}

/** What is used of what a command of redis 5 and 6 may be sent with. */
interface NodeRedisCommandOptions {
  /** Takes the command back for as long as it is not written. */
  readonly abortSignal: AbortSignal
}

/** What is used of what `createClient` of redis 5 and 6 (node-redis) makes. */
export interface NodeRedisClient extends EventSource {
  readonly isOpen: boolean
  readonly isReady: boolean
  sendCommand(command: readonly string[], options: NodeRedisCommandOptions): Promise<unknown>
  duplicate(): unknown
}

/** What is used of what `createCluster` of redis 5 and 6 makes. */
export interface NodeRedisCluster extends EventSource {
  readonly isOpen: boolean
  readonly masters: readonly unknown[]
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    command: string[],
    options: NodeRedisCommandOptions,
  ): Promise<unknown>
  duplicate(): unknown
}

/** A client of the host: `new Redis()` or `new Cluster()` of ioredis, `createClient()` or `createCluster()` of redis. */
export type RedisClient = IoredisClient | NodeRedisClient | NodeRedisCluster
