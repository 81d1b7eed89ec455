/** What one call asks for, with all defaults filled in. */
export interface Wanted {
  readonly key: string
  readonly ttlMs: number
  readonly renews: boolean
  readonly waitMs: number
}
