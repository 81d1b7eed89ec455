import { integerOf } from '@escapement/db'

/** A row in which the named columns are numbers, or null, however the driver gives them. The one place for it per type of row. */
export function readNumbers<Row extends object>(row: object, columns: readonly (keyof Row & string)[]): Row {
  const read: Record<string, unknown> = { ...row }
  for (const column of columns) {
    const value = read[column]
    if (value !== null && typeof value !== 'number') read[column] = integerOf(value)
  }
  return read as Row
}
