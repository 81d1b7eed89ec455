/** The databases that can be soaked. */
export const SOAK_KINDS = ['sqlite', 'postgres', 'mariadb'] as const

export type SoakKind = (typeof SOAK_KINDS)[number]

/** Where the database under test is. */
export interface SoakAddress {
  readonly kind: SoakKind
  /** Of SQLite the file. */
  readonly url: string
}
