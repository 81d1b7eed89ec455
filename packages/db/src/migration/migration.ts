/**
 * One change of a component's tables. It only adds (rule 8): what an older library needs goes in a later major version,
 * by a migration that raises `minCompatible`.
 */
export interface Migration {
  /** 1 for the first; each one more. */
  readonly version: number
  /** The oldest library, by its newest migration, that can still use the tables afterwards. */
  readonly minCompatible: number
  /** Statements that can be repeated: each is committed by itself, so that a process that dies in between loses nothing. */
  readonly steps: readonly string[]
}

/** What the tables of a component are now, as recorded in the database. */
export interface RecordedVersion {
  readonly version: number
  readonly minCompatible: number
}

/** `auto`: tables are brought up to date when the store opens. `check`: nothing is changed; what is missing is an error. */
export type MigrateMode = 'auto' | 'check'
