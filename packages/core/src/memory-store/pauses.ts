import type { PauseWindow } from '../store/job-state.ts'

/** Whether two lists of pauses say the same. */
export function samePauses(a: readonly PauseWindow[], b: readonly PauseWindow[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  return a.every((pause, index) => {
    const other = b[index]
    return (
      pause.from === other?.from && pause.until === other.until && pause.by === other.by && pause.note === other.note
    )
  })
}
