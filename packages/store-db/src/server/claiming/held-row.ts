import type { HeldRow } from '../../claiming/held-row.ts'
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

/** A row as the statements of `releasesSql` lock it. */
export function heldRowOf(row: object): HeldRow {
  return readNumbers<HeldRow>(row, NUMBERS)
}
