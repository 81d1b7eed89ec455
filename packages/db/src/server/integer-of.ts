/**
 * A whole number as drivers may give it: PostgreSQL's `bigint` comes as text, number or bigint, and MySQL's `tinyint` as
 * boolean, depending on how the host has set its driver up. Exact up to 2^53.
 */
export function integerOf(value: unknown): number {
  const number = Number(value)
  if (value === null || value === undefined || value === '' || !Number.isSafeInteger(number)) {
    throw new TypeError(`${JSON.stringify(value) ?? typeof value} is no whole number that JavaScript can hold`)
  }
  return number
}
