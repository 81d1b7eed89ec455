import type { Statement } from './statement.ts'

/** One value of a parameter. Instants are numbers of milliseconds: dates depend on settings of session and driver. */
export type SqlScalar = string | number | bigint | boolean | null

/**
 * What a parameter may hold. An array arrives as an array on PostgreSQL (`unnest(:ids::text[])`) and as the text of a
 * JSON array on MySQL and MariaDB (`JSON_TABLE(:ids, …)`), so that a statement's text does not depend on its length.
 */
export type SqlValue = SqlScalar | Uint8Array | readonly SqlScalar[]

/** The values of a statement's parameters by name; those that it does not use are ignored. */
export type SqlParameters = Readonly<Record<string, SqlValue>>

/** The values in the order of the positions. Throws when one is missing. */
export function valuesOf(statement: Statement, names: readonly string[], parameters: SqlParameters): SqlValue[] {
  return names.map((name) => {
    const value = parameters[name]
    if (value === undefined) throw new Error(`no value for :${name} in: ${statement.text}`)
    return value
  })
}
