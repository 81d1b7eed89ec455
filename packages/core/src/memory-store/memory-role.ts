import type { MemoryTables } from './memory-tables.ts'

/** The tables of one namespace and the time at which a call is made, Unix milliseconds. */
export interface Moment {
  readonly tables: MemoryTables
  readonly now: number
}

/** One role of the port over the tables. Each method runs to its end at once, which makes it one atomic step. */
export type MemoryRole<Role> = (at: (namespace: string) => Moment) => Role
