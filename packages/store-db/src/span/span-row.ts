import type { Span, SpanReason } from '@escapement/core'

/** A span as stored. */
export interface SpanRow {
  readonly job: string
  readonly revision: number
  readonly from_at: number
  readonly to_at: number
  readonly count: number
  readonly reason: string
}

/** A row as a {@link Span}. */
export function spanOf(row: SpanRow): Span {
  return {
    job: row.job,
    revision: row.revision,
    from: row.from_at,
    to: row.to_at,
    count: row.count,
    reason: row.reason as SpanReason,
  }
}
