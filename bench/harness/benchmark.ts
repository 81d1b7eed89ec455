/** How much is measured: `quick` shows that everything runs, `full` gives the figures of the documentation. */
export type Scale = 'quick' | 'full'

/** A cell of a table; numbers are rounded when they are shown, null is shown as a dash. */
export type Cell = string | number | null

/** A table of figures. Units stand in the column names. */
export interface Table {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A figure beside what it should reach. */
export interface Finding {
  readonly what: string
  readonly figure: string
  /** In words, with its bound. */
  readonly reach: string
  readonly isReached: boolean
}

/** What one benchmark found. */
export interface Report {
  readonly tables: readonly Table[]
  readonly findings: readonly Finding[]
  /** What a reader must know to judge the figures; Markdown, one paragraph each. */
  readonly notes: readonly string[]
}

/** One thing that is measured. */
export interface Benchmark {
  readonly name: string
  readonly title: string
  run(scale: Scale): Promise<Report>
}
