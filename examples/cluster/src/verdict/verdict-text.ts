import type { Takeover } from '../conductor/acts.ts'
import { isAsPromised, type Verdict } from './verdict.ts'

/** What was seen in the acts. */
export interface Seen {
  readonly kills: readonly Takeover[]
  readonly freezes: readonly Takeover[]
}

/** The end of the story, in sentences. */
export function verdictText(verdict: Verdict, { kills, freezes }: Seen): string {
  const { pulses, labels, stocktakes, shares } = verdict
  const lines = [
    `pulse      ${pulses.due} seconds, ${pulses.ran} pulses that ran, each of them once`,
    ...pulses.others.map((because) => `           another end: ${because}`),
    `label      ${labels.asked} enqueued by another process, ${labels.printed} printed, at most ${labels.mostAtOnce} at once in the whole cluster`,
    `stocktake  ${stocktakes.counted} counts were written, at most ${stocktakes.mostAtOnce} at once`,
    ...kills.map(({ from, to, ms }) => `killed     ${from}; ${to} had its work ${(ms / 1_000).toFixed(1)} s later`),
    ...freezes.map(
      ({ from, to }) => `frozen     ${from}; ${to} had its work, and the late write was refused by its fence`,
    ),
    `shares     ${[...shares].map(([instance, runs]) => `${instance} ${runs}`).join(', ')}`,
    '',
    isAsPromised(verdict) ? 'All as promised.' : 'NOT AS PROMISED: see above.',
  ]
  return lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')
}
