import { InvalidOptionError } from '@escapement/base'
import { isPausedAt, type PauseWindow } from '../store/job-state.ts'

/** For how long a queue knows of a pause that has ended; a job without handlers is retired as early. Milliseconds (rule 7). */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000

/** A request to pause. Instants in Unix milliseconds, server clock. */
export interface PauseRequest {
  readonly now: number
  /** When the pause ends by itself; null: not before somebody resumes. */
  readonly until: number | null
  /** Who pauses, in text form. */
  readonly by: string | null
  readonly note: string | null
}

/**
 * The windows with a pause from now on. One that is open already goes on under the new end, name and note (rule 13).
 *
 * @throws {@link InvalidOptionError} when it would have ended already.
 */
export function pause(pauses: readonly PauseWindow[], request: PauseRequest): readonly PauseWindow[] {
  const { now, until, by, note } = request
  if (until !== null && until <= now) {
    throw new InvalidOptionError(`pause until ${iso(until)} has ended: it is ${iso(now)} now; give a later instant`)
  }
  const from = Math.min(now, ...pauses.filter((window) => isOpen(window, now)).map((window) => window.from))
  return [...pauses.filter((window) => !isOpen(window, now)), { from, until, by, note }]
}

/** The windows with the open pause ended now; one that no tick can have met is left out (rule 13). */
export function resume(pauses: readonly PauseWindow[], now: number): readonly PauseWindow[] {
  return pauses.flatMap((window) => {
    if (!isOpen(window, now)) return [window]
    return window.from < now ? [{ ...window, until: now }] : []
  })
}

/**
 * The windows of a queue without those that ended more than seven days ago. Nobody knows when the last tick of a queue
 * has its verdict, as the planner does of a job; ticks that old without one are judged as if there had been no pause.
 */
export function forgetEnded(pauses: readonly PauseWindow[], now: number): readonly PauseWindow[] {
  return pauses.filter(({ until }) => until === null || until >= now - FORGOTTEN_AFTER_MS)
}

/** Whether a pause is in force. */
export function isPausedNow(pauses: readonly PauseWindow[], now: number): boolean {
  return isPausedAt(pauses, now)
}

/** Also true of a window that seems to lie ahead: the server's clock has stepped back since it was made. */
function isOpen(window: PauseWindow, now: number): boolean {
  return window.until === null || window.until > now
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
