/** What a value of a row set is: a name, id or key of at most 512 characters, text of any length, or a whole number. */
export type RowValue = 'key' | 'text' | 'integer'

/** The columns of a row set. */
export type RowColumns = Readonly<Record<string, RowValue>>

/** A statement that changes the rows of `table`, called `x`, that rows of `from` lead to. */
interface RowSetChange {
  readonly table: string
  /** A row set or list that the change is driven by. */
  readonly from: string
  /** How a row of `x` is found for each row of `from`, by an index of `x`. */
  readonly on: string
  /** Which index of `x` that is. Default: its primary key. */
  readonly through?: string
}

interface RowSetUpdate extends RowSetChange {
  readonly set: Readonly<Record<string, string>>
}

/** Where to find rows by a key. */
interface Seek {
  readonly table: string
  readonly alias: string
  readonly on: string
  /** The index, for MySQL; none: its choice. */
  readonly through?: string
}

/**
 * The fragments in which the SQL of PostgreSQL differs from that of MySQL and MariaDB; everything else is written once.
 * Parameters are named as in `statement`, with their colon.
 */
export interface ServerSql {
  /**
   * Rows as a table to select from, called `alias`: the parameter holds a JSON array of objects (`rowsText`). What an
   * object lacks is null.
   */
  rows(parameter: string, alias: string, columns: RowColumns): string
  /** The elements of an array parameter as a table with the one column `value`, called `alias`. */
  list(parameter: string, alias: string, value: RowValue): string
  /** Joins a table to a row set or list that stands before it. */
  readonly join: string
  /**
   * Joins a table to what stands before it, which may be anything: one seek for each of its rows, in their order, however
   * small the tables were when the statement was planned. A lock on the alias takes what `on` finds.
   */
  seek(seek: Seek): string
  /** Ends an insert: a row that is there already stays as it is. Never INSERT IGNORE, which hides other errors (rule 24). */
  ignoreExisting(table: string, column: string): string
  /** Ends an insert: a row with the same key is changed instead. In the assignments, `given` names what was to be inserted. */
  updateExisting(key: string, assignments: readonly string[]): string
  given(column: string): string
  /** Ends an insert that ignores what is there, with what was inserted. MySQL does not say: no rows. */
  returningInserted(column: string): string
  /** Whether an index is searched for a range that each row of a list begins anew. */
  readonly seeksRanges: boolean
  /** Whether the server may compile what it believes to be expensive, unless a transaction of ours says no. */
  readonly compiles: boolean
  /** Whether a statement that changes rows can pass them on to another within it. */
  readonly passesOn: boolean
  /**
   * Changes rows that `on` finds as they are when they are locked: column to expression, which may name `x` and what
   * `from` is called.
   */
  update(change: RowSetUpdate): string
  /** The same for rows that the transaction has locked: one seek for each, as by `seek`. */
  updateLocked(change: RowSetUpdate): string
  /** Removes rows, likewise; one that another changes at this moment may stay. */
  remove(change: RowSetChange): string
  /** Ends a select whose rows nobody may change until the transaction ends. */
  readonly forShare: string
  /** Ends a select that locks the rows of `x`; of what it is joined to, servers that can lock nothing. */
  readonly forUpdateOfX: string
  /** Ends a select of what an insert has met: a snapshot of MySQL, older than the insert, would not show it otherwise. */
  readonly readBack: string
  /** A column of keys as text: on MySQL they are stored as bytes, since its collations would take some for equal (rule 1). */
  keyText(column: string): string
  /** A value inside a JSON text, as text. */
  jsonText(column: string, path: readonly string[]): string
  /** Whether a JSON text of an array has a text among its elements. */
  hasElement(json: string, element: string): string
  /** Whether an array parameter has the value of a column of names: a condition that leaves the choice of the index alone. */
  among(column: string, parameter: string): string
  /** Whether a text contains that of a parameter; ASCII letters in either case. */
  contains(text: string, parameter: string): string
  /** Follows a table: its index that delivers rows in the order of the page. Only MySQL has to be told. */
  through(index: string): string
  /**
   * The values of a column of `:namespace` as a table with the one column `value`, called `alias`: one seek for each value
   * (a loose scan), in an index that begins with the namespace and the column.
   */
  distinct(table: string, column: string, alias: string): string
  /** Text as a whole number. */
  integer(expression: string): string
}
