import type { JobSpec } from '../job/job-spec.ts'
import type { Missed } from '../store/execution.ts'
import { isPausedAt, type PauseWindow } from '../store/job-state.ts'

/** Late ticks of one job that are judged together. Instants in Unix milliseconds, server clock. */
export interface MissedCase {
  readonly misfire: JobSpec['misfire']
  readonly now: number
  readonly pauses: readonly PauseWindow[]
  /** Since when no live instance has had a handler for the job; null: one has. */
  readonly absentSince: number | null
  /** The late ticks at or after an instant, in rising order; asked for at most once, and never kept. */
  readonly ticksFrom: (instant: number) => Iterable<number>
}

/** The verdict on one late tick. */
export type MissedVerdict =
  | { readonly kind: 'run'; readonly missed: Missed | null }
  | { readonly kind: 'fold'; readonly reason: 'misfire' | 'coalesced' | 'paused' | 'no-handler' }

/**
 * Judges late ticks (rules 11 and 13): paused ones first; then none, the latest for all, or the latest `max` run, as
 * far as they are not older than the misfire policy allows.
 *
 * @returns The verdict of each tick, to be asked in rising order. Its memory does not grow with the number of ticks.
 */
export function judgeMissed(given: MissedCase): (tick: number) => MissedVerdict {
  const { misfire, pauses, absentSince } = given
  const oldest = given.now - misfire.withinMs
  let chosen: Chosen | undefined
  return (tick) => {
    if (isPausedAt(pauses, tick)) return { kind: 'fold', reason: 'paused' }
    if (misfire.policy !== 'skip' && tick >= oldest) {
      chosen ??= choose(given, oldest)
      if (tick >= chosen.firstRun) return { kind: 'run', missed: chosen.missed }
      if (misfire.policy === 'once') return { kind: 'fold', reason: 'coalesced' }
    }
    return { kind: 'fold', reason: absentSince !== null && tick >= absentSince ? 'no-handler' : 'misfire' }
  }
}

/** Which of the ticks that are young enough run: all from `firstRun` on. */
interface Chosen {
  readonly firstRun: number
  readonly missed: Missed | null
}

function choose({ misfire, pauses, ticksFrom }: MissedCase, oldest: number): Chosen {
  const isOnce = misfire.policy === 'once'
  const size = isOnce ? 1 : misfire.max
  const latest: number[] = [] // a ring: the tick number n stands at n modulo size
  let first = Number.POSITIVE_INFINITY
  let count = 0
  for (const tick of ticksFrom(oldest)) {
    if (isPausedAt(pauses, tick)) continue
    first = Math.min(first, tick)
    latest[count % size] = tick
    count++
  }
  const firstRun = latest[count < size ? 0 : count % size] as number // one at least: the tick that was asked about
  return { firstRun, missed: isOnce ? { count, from: first, to: firstRun } : null }
}
