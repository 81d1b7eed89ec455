/** What went wrong with the database at this place, as an error that names the place. */
export function databaseError(place: string, cause: unknown): Error {
  // Of several addresses of one host, each one's failure stands in the errors within.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause
  return new Error(`database ${place} cannot be used: ${(first as Error).message}`, { cause })
}

/** A URL as it may be shown: without its password. */
export function shownUrl(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  shown.search = ''
  return shown.href
}
