import type { TableNames } from '../../table-names.ts'

/** A table of the store, for any server. */
export interface Table {
  readonly name: Exclude<keyof TableNames, 'prefix'>
  /** Column definitions, and the primary key where it is none of them. */
  readonly columns: readonly string[]
  readonly indexes: readonly Index[]
  /** Storage parameters on PostgreSQL, for tables whose rows change often. */
  readonly storage?: Readonly<Record<string, number>>
}

/** An index of a table, named after the table and `name`. */
export interface Index {
  readonly name: string
  readonly columns: string
  readonly isUnique?: true
  /**
   * The column whose nulls PostgreSQL leaves out: most rows are of no concern to the index, and there each version of a
   * row would have an entry in it. A query that compares the column needs no further words to use the index. On MySQL a
   * row that stays null costs its entry once.
   */
  readonly unlessNull?: string
  /** The column whose nulls alone are in the index on PostgreSQL, whatever its own columns are. A query has to say so too. */
  readonly whileNull?: string
}

/**
 * A column that the server computes from others. It stands for the words of SQLite's partial indexes, which MySQL has
 * not: null where a row does not belong to the index. Stored, since MySQL and MariaDB have had many faults in indexes on
 * virtual columns.
 */
export function generated(name: string, type: string, condition: string, value: string): string {
  return `${name} ${type} GENERATED ALWAYS AS (CASE WHEN ${condition} THEN ${value} END) STORED`
}
