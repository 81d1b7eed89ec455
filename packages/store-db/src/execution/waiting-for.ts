import { type ExecutionStatus, isPausedAt, type WaitingFor } from '@escapement/core'
import { parsePauses } from '../job/pause-text.ts'

/** What decides why an execution has not started. */
export interface WaitingCase {
  readonly status: ExecutionStatus | 'claimed'
  readonly due_at: number
  readonly attempt: number
  readonly is_tick: number
  /** Null: the job was never registered, or they do not matter. */
  readonly job_pauses: string | null
  /** Null: the queue was never registered, or they do not matter. */
  readonly queue_pauses: string | null
  /** 1: a live instance has a handler; null where it does not matter. */
  readonly has_handler: number | null
  /** 1: another execution of the exclusive job is in its way; null where it does not matter. */
  readonly is_occupied: number | null
}

/** Why an execution has not started; null: it has, or never will (rule 19). */
export function waitingFor(row: WaitingCase, now: number): WaitingFor | null {
  if (row.status === 'claimed') return 'slot'
  if (row.status !== 'scheduled') return null
  if (row.due_at > now) return row.attempt > 0 ? 'retry' : 'time'
  if (row.is_tick === 1 && isPaused(row.job_pauses, now)) return 'pause'
  if (isPaused(row.queue_pauses, now)) return 'pause'
  if (row.has_handler === 0) return 'handler'
  return row.is_occupied === 1 ? 'overlap' : 'slot'
}

function isPaused(pauses: string | null, now: number): boolean {
  return pauses !== null && isPausedAt(parsePauses(pauses), now)
}
