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
  /** When it ended, with a grant. */
  readonly at: number
  readonly waitedMs: number
}

/** A loss of the lock server's data: it had all of it at `from` and nothing of it at `until`. */
export interface DataLoss {
  readonly from: number
  readonly until: number
}

/** What a history shows. */
export interface HistoryReport {
  readonly leases: number
  readonly appliedWrites: number
  readonly refusedWrites: number
  /** One for each grant that had to be waited for, in the order of time. */
  readonly waits: readonly KeyWait[]
  readonly findings: readonly HistoryFinding[]
}
