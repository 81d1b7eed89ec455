/** What is used of redlock 5.0.0-beta.2, whose package does not export its own types. */
declare module 'redlock' {
  import type { Redis } from 'ioredis'

  /** A lock that was granted. */
  export interface RedlockLock {
    /** The end of the lock on the client's wall clock, Unix milliseconds. */
    readonly expiration: number
    readonly value: string
    release(): Promise<unknown>
    extend(durationMs: number): Promise<RedlockLock>
  }

  /** Milliseconds; `retryCount: -1` never gives up. */
  export interface RedlockSettings {
    readonly retryCount?: number
    readonly retryDelay?: number
    readonly retryJitter?: number
  }

  export default class Redlock {
    constructor(clients: Iterable<Redis>, settings?: RedlockSettings)
    acquire(resources: string[], durationMs: number, settings?: RedlockSettings): Promise<RedlockLock>
  }
}
