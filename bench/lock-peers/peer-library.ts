import type { Questions } from './cannot-be-asked.ts'

/** A lock library, as thin as it can be told what the contract asks for. */
export interface PeerLibrary {
  /** With its version. */
  readonly name: string
  readonly backend: 'Redis' | 'etcd'
  /** What it says of itself that matters here, and how it is set; Markdown. */
  readonly about: string
  /** Whether it keeps a lock alive while it is held. */
  readonly renews: boolean
  /** Whether a wait can be ended by a signal. */
  readonly takesSignal: boolean
  /** One more client, whose commands go through `faults`. */
  connect(url: string, faults: CommandFaults, questions: Questions): Promise<PeerClient>
}

/** What a command of a library is for. */
export type CommandPurpose = 'tryAcquire' | 'renewMany' | 'release'

/** Stands between a library and its server. */
export interface CommandFaults {
  /** Sends a command, unless something is to go wrong with it. */
  send<Answer>(purpose: CommandPurpose, command: () => Promise<Answer>): Promise<Answer>
}

/** A client of a library. A method that is missing cannot be asked for. */
export interface PeerClient {
  /** Asks once; null: the key is held. */
  tryAcquire(key: string, options: PeerLockOptions): Promise<PeerLock | null>
  /** Waits for up to `waitMs`; null: the key was held all the time. */
  acquire?(key: string, options: PeerLockOptions & { readonly waitMs: number }): Promise<PeerLock | null>
  close(): Promise<void>
}

/** What is asked for. */
export interface PeerLockOptions {
  readonly ttlMs: number
  /** Whether it should be kept alive, if the library can. */
  readonly renews: boolean
  /** Undefined where the caller has none. */
  readonly signal?: AbortSignal | undefined
}

/** A lock of a library. A member that is missing cannot be asked for. */
export interface PeerLock {
  readonly owner?: string
  /** Aborts when the library tells that the lock was lost. */
  readonly lost?: AbortSignal
  /** Whether the library takes it for held. */
  isHeld?(): boolean
  remainingMs?(): number
  /** Answers false when the library says that the lock was lost. */
  renew?(ttlMs: number): Promise<boolean>
  /** Answers false when the library says that it was not held. */
  release(): Promise<boolean>
}
