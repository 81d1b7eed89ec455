/** Part of a field; a field is a list of them, each alone or joined by commas. Weekdays are 0 (Sunday) to 7 (Sunday). */
export type FieldItem =
  /** `5`, `1-5`, `22-2` (over the end), `*`, each with `/step`. `*` has first and last of the field; `9/5` runs to the last. */
  | { readonly kind: 'range'; readonly first: number; readonly last: number; readonly step: number }
  /** `H`, `H/15`, `H(0-29)`: values drawn from the job's name; null: its own, one value. */
  | { readonly kind: 'hash'; readonly first: number; readonly last: number; readonly step: number | null }
  /** Day of the month: `15W`, the weekday (Monday to Friday) nearest to the 15th in its month. */
  | { readonly kind: 'nearest-weekday'; readonly day: number }
  /** Day of the month: `L`, `L-3` (three days before the last), and the weekday nearest to it: `LW`, `L-3W`. */
  | { readonly kind: 'last-day'; readonly before: number; readonly isNearestWeekday: boolean }
  /** Weekday: `5#2`, the second Friday of the month. */
  | { readonly kind: 'nth-weekday'; readonly weekday: number; readonly nth: number }
  /** Weekday: `5L` or `5#L`, the last Friday of the month. */
  | { readonly kind: 'last-weekday'; readonly weekday: number }

/** One field of a cron pattern as it was written. */
export interface CronField {
  readonly text: string
  readonly items: readonly FieldItem[]
  /** Whether it begins with `*` (or is `?`): Vixie cron calls such a field unrestricted, whatever follows. */
  readonly isStar: boolean
}
