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

  /** A script, by its text and by its hash. */
  interface RedlockScript {
    readonly value: string
    readonly hash: string
  }

  export default class Redlock {
    readonly scripts: { readonly acquireScript: RedlockScript; readonly extendScript: RedlockScript }
    constructor(clients: Iterable<Redis>, settings?: RedlockSettings)
    acquire(resources: string[], durationMs: number, settings?: RedlockSettings): Promise<RedlockLock>
    /** Keeps the lock alive while the routine runs; the signal tells that this has failed. */
    using<T>(
      resources: string[],
      durationMs: number,
      settings: RedlockSettings,
      routine: (signal: AbortSignal) => Promise<T>,
    ): Promise<T>
  }
}
