import type { EndingRow } from '../../settle/ending-row.ts'
import { ENDING_NUMBERS } from '../ending/ending-columns.ts'
import { readNumbers } from '../read-numbers.ts'

const NUMBERS = [
  ...ENDING_NUMBERS,
  'retries',
  'interruptions',
  'claimed_at',
  'started_at',
  'due_at',
  'abandoned_at',
  'cancel_requested_at',
] as const

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

/** A row as the statements of `releasesSql` lock it. */
export function heldRowOf(row: object): HeldRow {
  return readNumbers<HeldRow>(row, NUMBERS)
}
