import type { Runtime } from '@escapement/base'
import type { SentLease } from './isolated-message.ts'

/** At most this long before its lease ends a guest's signal aborts, and this long it lives on when its host died. Milliseconds. */
export const LAST_WORDS_MS = 1_000

/** When a guest ends, on its own monotonic clock: first its signal aborts, then it exits, and at last it is ended. */
export interface IsolatedDeadline {
  readonly signalAt: number
  readonly exitAt: number
  readonly endAt: number
}

/**
 * The deadline that a lease gives. The time that the message took comes off by the wall clock that both processes share,
 * so that a message that was read late extends nothing.
 */
export function isolatedDeadline({ remainingMs, sentAt }: SentLease, runtime: Runtime): IsolatedDeadline {
  const onTheWayMs = Math.max(0, runtime.now() - sentAt)
  const leftMs = Math.max(0, remainingMs - onTheWayMs)
  const lastWordsMs = Math.min(LAST_WORDS_MS, leftMs / 10)
  const endAt = runtime.monotonic() + leftMs
  return { signalAt: endAt - lastWordsMs, exitAt: endAt - lastWordsMs / 2, endAt }
}
