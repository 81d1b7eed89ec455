/** A local time without its offset, such as `2027-03-14T02:30:00`; `local`: seconds since 1970 began on the wall clock. */
export function localText(local: number): string {
  return new Date(local * 1_000).toISOString().slice(0, -5)
}

/** An offset from UTC in seconds, such as `+05:30`; with its seconds where it has any. */
export function offsetText(offset: number): string {
  const text = new Date(Math.abs(offset) * 1_000).toISOString().slice(11, 19)
  return `${offset < 0 ? '-' : '+'}${text.replace(/:00$/, '')}`
}
