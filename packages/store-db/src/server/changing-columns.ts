/**
 * What the row of an unsettled execution knows better than the execution itself, beside its status. Readers take it from
 * there, and a verdict carries it over.
 */
export const CHANGING_COLUMNS: readonly string[] = [
  'queue',
  'due_at',
  'claimed_at',
  'started_at',
  'abandoned_at',
  'instance',
  'fence',
  'attempt',
  'retries',
  'interruptions',
  'missed',
  'progress',
  'cancel_requested_at',
  'cancel_requested_by',
]
