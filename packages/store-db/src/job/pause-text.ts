import type { PauseWindow } from '@escapement/core'

/** Pauses as stored: equal pauses are equal texts, which compare and set relies on. */
export function pauseText(pauses: readonly PauseWindow[]): string {
  return JSON.stringify(pauses.map(({ from, until, by, note }) => ({ from, until, by, note })))
}

/** The pauses that a text holds. */
export function parsePauses(text: string): readonly PauseWindow[] {
  return text === '[]' ? [] : (JSON.parse(text) as PauseWindow[])
}
