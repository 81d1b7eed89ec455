import type { HistoryEvent } from './history-event.ts'

/** One lease of a history. */
export interface RecordedLease {
  readonly key: string
  readonly fence: bigint
  readonly askedAt: number
  /** When it was handed out. */
  readonly from: number
  /** When its holder is last known to have relied on it. */
  readonly heldUntil: number
  /** Whether its holder gave it back, instead of letting it end. */
  readonly isReleased: boolean
  /** When its signal is last known not to have fired. */
  readonly unsignalledUntil: number
}

/** The leases of a history, in the order in which they were handed out. */
export function recordedLeases(history: readonly HistoryEvent[]): readonly RecordedLease[] {
  const [heldUntil, unsignalledUntil] = [latest(history, 'held'), latest(history, 'unsignalled')]
  const released = new Set(history.flatMap((event) => (event.type === 'released' ? [event.owner] : [])))
  return history
    .filter((event) => event.type === 'granted')
    .map(({ key, owner, fence, askedAt, at }) => ({
      key,
      fence: BigInt(fence),
      askedAt,
      from: at,
      heldUntil: Math.max(at, heldUntil.get(owner) ?? at),
      isReleased: released.has(owner),
      unsignalledUntil: Math.max(at, unsignalledUntil.get(owner) ?? at),
    }))
    .toSorted((a, b) => a.from - b.from)
}

function latest(history: readonly HistoryEvent[], type: 'held' | 'unsignalled'): ReadonlyMap<string, number> {
  const instants = new Map<string, number>()
  for (const event of history) {
    if (event.type !== type) continue
    instants.set(event.owner, Math.max(event.at, instants.get(event.owner) ?? event.at))
  }
  return instants
}
