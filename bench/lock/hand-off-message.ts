import type { LockBackend } from './lock-contender.ts'

/** What a process of a hand-off is told. */
export type HandOffOrder =
  /** Connect, as the contender of that name, once what was there before is closed. */
  | { readonly kind: 'open'; readonly backend: LockBackend; readonly contender: string; readonly place: string }
  /** Take the key and keep it. */
  | { readonly kind: 'hold'; readonly key: string; readonly ttlMs: number }
  /** Give it back. */
  | { readonly kind: 'release' }
  /** Begin to wait for the key, so many times at once; keep it for a moment each time. */
  | { readonly kind: 'wait'; readonly key: string; readonly ttlMs: number; readonly waiters: number }
  | { readonly kind: 'stop' }

/** What it tells. Times are milliseconds on the machine's monotonic clock, which all processes share. */
export type HandOffMessage =
  /** It runs, or has connected. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'held'; readonly grantedAt: number }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'released'; readonly tenures: readonly Tenure[] }
  /** All waiters have had the key. */
  | { readonly kind: 'served'; readonly tenures: readonly Tenure[] }

/** One time that the key was had: from the answer of `acquire` to the call of its release. */
export interface Tenure {
  readonly grantedAt: number
  readonly releasedAt: number
}
