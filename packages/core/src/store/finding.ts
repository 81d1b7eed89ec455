/** Something that an operator should look at. */
export interface Finding {
  /** Stable, such as `no-handler`, `clock-step`, `store-unavailable`, `loop-blocked`, `abandoned`. */
  readonly code: string
  readonly severity: 'warning' | 'critical'
  /** What, since when, and the way out. */
  readonly message: string
}
