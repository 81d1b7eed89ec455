import type { PeerLibrary } from './peer-library.ts'

/** Renewal is asked for by default, so that a library that has none cannot say so by itself. */
const RENEWAL = 'it does not renew'
/** All that is opened is closed after each case, which says nothing about how. */
const CLOSING = 'it has nothing that could be closed; its client is the host’s'

const DRIVER = 'it has no driver'

const NEEDS: ReadonlyMap<string, string> = new Map([
  ['a lease renews itself for as long as it is held', RENEWAL],
  ['leases of one ttl are renewed together in few requests', 'it renews each lock by itself, at a time of its own'],
  ['a lease survives renewals that fail for a while, lost replies among them', RENEWAL],
  ['close releases all that is held, tells the holders, and is one promise for all callers', CLOSING],
  ['close ends those who wait, and asks nothing afterwards', CLOSING],
  ['a grant that arrives while the manager closes is given back', CLOSING],
  ['a closed manager leaves no timer behind', CLOSING],
  ['it has what it says it has, and lacks loseData, waitForRelease, advanceMany, now', DRIVER],
])

/** Why a case cannot be asked of a library before it is run; null: it can. */
export function missingFor(title: string, { renews }: PeerLibrary): string | null {
  const need = NEEDS.get(title)
  if (need === undefined || (need === RENEWAL && renews)) return null
  return need
}

/** The titles that are named here: each must be one of the contract. */
export const NAMED_TITLES: readonly string[] = [...NEEDS.keys()]
