/** One row of a row set; null is left out, and read as null. */
export type RowObject = Readonly<Record<string, string | number | bigint | null>>

/** Rows as the parameter of a row set: the statement's text does not depend on how many there are. */
export function rowsText(rows: readonly RowObject[]): string {
  return JSON.stringify(rows, (_, value: unknown) => {
    if (value === null) return undefined
    return typeof value === 'bigint' ? String(value) : value
  })
}
