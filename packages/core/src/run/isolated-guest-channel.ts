import type { GuestMessage, HostMessage } from './isolated-message.ts'

/** A guest as its host holds it: a thread or a process. */
export interface GuestChannel {
  /** Tells the guest; does nothing once it has ended. */
  send(message: HostMessage): void
  /** Ends the guest by force. Idempotent; resolves once it has ended. */
  terminate(): Promise<void>
}

/** What a host hears of its guest. */
export interface GuestListener {
  received(message: GuestMessage): void
  /** It has ended, and nothing more will be received. Once. */
  ended(how: GuestEnd): void
}

/** How a guest ended. */
export interface GuestEnd {
  /** For people, as the end of a sentence: `exited with code 3`. */
  readonly how: string
  readonly cause?: unknown
}
