import { readSchedule } from '../cron/read-schedule.ts'
import { LAST_INSTANT_MS } from './instant.ts'
import { spreadFraction } from '../cron/pattern/spread.ts'
import type { AtSpec, EverySpec, TriggerSpec } from './trigger-spec.ts'

/**
 * The earliest tick strictly after `after` over all triggers of a job; triggers that agree on an instant make one tick
 * (rule 2).
 *
 * @param job - The job's name, from which spread offsets are drawn.
 * @param after - Unix milliseconds.
 * @returns Unix milliseconds, or null when no trigger fires any more.
 */
export function nextTick(triggers: readonly TriggerSpec[], job: string, after: number): number | null {
  let earliest: number | null = null
  for (const trigger of triggers) {
    const tick = nextOf(trigger, job, after)
    if (tick !== null && (earliest === null || tick < earliest)) earliest = tick
  }
  return earliest
}

/** All ticks in (after, until], in rising order, computed as they are asked for. */
export function* ticksBetween(
  triggers: readonly TriggerSpec[],
  job: string,
  after: number,
  until: number,
): Generator<number, void, undefined> {
  for (
    let tick = nextTick(triggers, job, after);
    tick !== null && tick <= until;
    tick = nextTick(triggers, job, tick)
  ) {
    yield tick
  }
}

function nextOf(trigger: TriggerSpec, job: string, after: number): number | null {
  if (trigger.kind === 'at') return nextGiven(trigger, after)
  const { from, until, except, spreadMs } = trigger
  const offset = spreadMs === undefined ? 0 : Math.floor(spreadFraction(job) * spreadMs)
  let last = after - offset
  if (from !== undefined && last < from) last = from - 1
  for (;;) {
    const instant = trigger.kind === 'every' ? nextMultiple(trigger, last) : readSchedule(trigger).next(last)
    // A tick that does not move on would be planned for ever.
    if (instant === null || instant <= last || instant > (until ?? LAST_INSTANT_MS)) return null
    if (except === undefined || !includes(except, instant)) return instant + offset
    last = instant
  }
}

function nextMultiple({ everyMs, anchor }: EverySpec, after: number): number {
  return anchor + (Math.floor((after - anchor) / everyMs) + 1) * everyMs
}

function nextGiven({ instants }: AtSpec, after: number): number | null {
  return instants[firstAfter(instants, after)] ?? null
}

function includes(rising: readonly number[], instant: number): boolean {
  return rising[firstAfter(rising, instant - 1)] === instant
}

/** Index of the first instant after `after` in a rising list. */
function firstAfter(rising: readonly number[], after: number): number {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rising[middle] as number) > after) high = middle
    else low = middle + 1
  }
  return low
}
