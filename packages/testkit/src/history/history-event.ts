/**
 * Something that happened to a lease, as its holder noted it. `at` is milliseconds on a monotonic clock that all holders share,
 * read before what it stands for was looked at: a process that is stopped in between claims nothing. `owner` is that of the
 * lease; fences are decimal text.
 */
export type HistoryEvent =
  /** A lease was handed out. It was asked for at `askedAt`. */
  | {
      readonly type: 'granted'
      readonly key: string
      readonly owner: string
      readonly fence: string
      readonly askedAt: number
      readonly at: number
    }
  /** A lease was asked for at `askedAt`, and at `at` its waiter was told that another has held the key all the time. */
  | { readonly type: 'refused'; readonly key: string; readonly askedAt: number; readonly at: number }
  /** `remainingMs()` was above 0: the holder may have relied on the lease at `at`. */
  | { readonly type: 'held'; readonly key: string; readonly owner: string; readonly at: number }
  /** The signal had not fired, though the holder's event loop has had a whole turn since `at`. */
  | { readonly type: 'unsignalled'; readonly key: string; readonly owner: string; readonly at: number }
  /** Its holder gave the lease back from `at` on, and was told that it had it until then. */
  | { readonly type: 'released'; readonly key: string; readonly owner: string; readonly at: number }
  /** A write that is guarded by the fence was answered; `place` is its place among those of the key, null: refused. */
  | {
      readonly type: 'written'
      readonly key: string
      readonly fence: string
      readonly place: number | null
      readonly at: number
    }
  /** A guarded write that began at `from` had failed at `at`, with `problem`. */
  | {
      readonly type: 'write-failed'
      readonly key: string
      readonly fence: string
      readonly from: number
      readonly at: number
      readonly problem: string
    }
