import type { EndingRow } from '../settle/ending-row.ts'

/** What has to be known of a held row to release it. */
export interface HeldRow extends EndingRow {
  readonly instance: string
  readonly status: 'claimed' | 'running'
  readonly retries: number
  readonly interruptions: number
  readonly claimed_at: number
  readonly started_at: number | null
  readonly due_at: number
  readonly abandoned_at: number | null
  readonly cancel_requested_at: number | null
}
