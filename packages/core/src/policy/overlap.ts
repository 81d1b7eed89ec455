import type { OverlapPolicy } from '../job/job-spec.ts'
import { isPausedAt, type PauseWindow } from '../store/job-state.ts'

/** A tick up to this late is punctual; beyond it is a misfire. Milliseconds (rule 11). */
export const PUNCTUAL_MS = 5_000

/** What is known of a job when its punctual ticks are judged. */
export interface PunctualCase {
  readonly overlap: OverlapPolicy
  readonly pauses: readonly PauseWindow[]
  /** Due, punctual, unjudged ticks, oldest first. */
  readonly ticks: readonly { readonly executionId: string; readonly scheduledFor: number }[]
  /** Open executions of the job, of every origin: claimed once and not terminal. */
  readonly open: readonly string[]
  /** Ticks of the job that were judged and wait to be claimed for the first time; `isPunctual`: not made by catching up. */
  readonly waiting: readonly { readonly executionId: string; readonly isPunctual: boolean }[]
}

/** The verdicts. Every tick of the case is either kept or folded. */
export interface PunctualVerdict {
  readonly keep: readonly string[]
  readonly fold: readonly { readonly executionId: string; readonly reason: 'paused' | 'overlap' }[]
  /** Open executions that are to be cancelled. */
  readonly cancel: readonly string[]
}

/** Judges punctual ticks once: pause first, then overlap (rules 11 to 13). */
export function judgePunctualTicks(given: PunctualCase): PunctualVerdict {
  const fold: { executionId: string; reason: 'paused' | 'overlap' }[] = []
  const candidates = given.ticks.filter((tick) => {
    if (!isPausedAt(given.pauses, tick.scheduledFor)) return true
    fold.push({ executionId: tick.executionId, reason: 'paused' })
    return false
  })
  const room = roomFor(given, candidates.length)
  if (given.overlap === 'cancel-running') {
    const newest = candidates.at(-1)
    if (newest === undefined) return { keep: [], fold, cancel: [] }
    const replaced = given.waiting.filter((tick) => tick.isPunctual)
    for (const tick of [...replaced, ...candidates.slice(0, -1)]) {
      fold.push({ executionId: tick.executionId, reason: 'overlap' })
    }
    return { keep: [newest.executionId], fold, cancel: given.open }
  }
  for (const tick of candidates.slice(room)) fold.push({ executionId: tick.executionId, reason: 'overlap' })
  return { keep: candidates.slice(0, room).map((tick) => tick.executionId), fold, cancel: [] }
}

/** How many of the candidates may run or wait, the earliest first. */
function roomFor(given: PunctualCase, candidates: number): number {
  const occupied = (given.open.length > 0 ? 1 : 0) + given.waiting.length
  switch (given.overlap) {
    case 'skip':
      return Math.max(0, 1 - occupied) // one that waits for a slot occupies the job as one that runs does
    case 'queue-one':
      return Math.max(0, 2 - occupied)
    case 'queue-all':
    case 'allow':
    case 'cancel-running':
      return candidates
  }
}
