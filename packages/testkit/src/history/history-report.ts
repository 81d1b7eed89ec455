/** What must never be seen in a history. */
export type HistoryFindingKind =
  /** Two holders relied on their leases of one key at the same time. */
  | 'overlap'
  /** A lease was granted while the signal of the one before had not fired. */
  | 'late-signal'
  /** A lease has a fence below that of an earlier one of its key. */
  | 'fence-order'
  /** Two leases of one key have the same fence. */
  | 'fence-reused'
  /** A guarded write was applied after one under a greater fence. */
  | 'write-order'

/** One thing that must not be, and where it is. */
export interface HistoryFinding {
  readonly kind: HistoryFindingKind
  readonly key: string
  /** The instant of the later of the two events. */
  readonly at: number
  readonly message: string
}

/** How long a key was free while somebody wanted it. */
export interface KeyWait {
  readonly key: string
  /** When it ended, with a grant or with the waiter's patience. */
  readonly at: number
  readonly waitedMs: number
  /** Whether it began when a holder gave the key back to those who already wanted it. */
  readonly isAfterRelease: boolean
}

/** A loss of the lock server's data: it had all of it at `from` and nothing of it at `until`. */
export interface DataLoss {
  readonly from: number
  readonly until: number
  /** By when leases from before it end, since nobody can renew them: `until` and the longest ttl. */
  readonly leasesEndBy: number
}

/** A guarded write that failed: whether it was applied is unknown. */
export interface FailedWrite {
  readonly key: string
  /** When it began. */
  readonly from: number
  /** When it had failed. */
  readonly at: number
  readonly problem: string
}

/** What a history shows. */
export interface HistoryReport {
  readonly leases: number
  readonly appliedWrites: number
  readonly refusedWrites: number
  /** Excused while the server is away, and at no other time. */
  readonly failedWrites: readonly FailedWrite[]
  /** One for each grant that had to be waited for, and for each waiter that gave up a free key; in the order of time. */
  readonly waits: readonly KeyWait[]
  readonly findings: readonly HistoryFinding[]
}
