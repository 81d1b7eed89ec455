import { InvalidOptionError } from '@escapement/base'

/** Where a page of executions ended. */
export interface PagePlace {
  readonly scheduledFor: number
  readonly id: string
}

/** A place as text. */
export function cursorOf(place: PagePlace): string {
  return `${place.scheduledFor}:${place.id}`
}

/** @throws {@link InvalidOptionError} for a text that is no cursor. */
export function parseCursor(cursor: string): PagePlace {
  const match = /^(-?\d{1,16}):(.+)$/s.exec(cursor)
  if (match === null) {
    throw new InvalidOptionError(`cursor is '${cursor.slice(0, 40)}'; pass \`next\` of the page before, unchanged`)
  }
  return { scheduledFor: Number(match[1]), id: match[2] as string }
}

/** A page of `limit` from rows that were asked for one more. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  cursor: (row: Row) => string,
): { readonly items: readonly Item[]; readonly next: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(itemOf), next: rows.length > limit && last !== undefined ? cursor(last) : null }
}
