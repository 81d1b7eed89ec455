import { CalendarSearch } from '../../cron/calendar/calendar-search.ts'
import { type DstPolicy, dstPolicy } from '../../cron/dst-policy.ts'
import { parseCronPattern } from '../../cron/pattern/parse-cron-pattern.ts'
import type { CronSource } from '../../cron/read-schedule.ts'
import { type OffsetChange, offsetChanges } from '../../cron/zone/offset-changes.ts'
import { timeZone } from '../../cron/zone/time-zone.ts'
import { localText } from './local-text.ts'

/** What a change of the wall clock does to times of a pattern. */
export interface DstNote {
  /** Times that do not exist are `skipped` or `moved`; times that come twice fire `once` or `twice`. */
  readonly kind: 'skipped' | 'moved' | 'once' | 'twice'
  /** When the wall clock changes, Unix milliseconds. */
  readonly at: number
  /** The first and the last local time concerned, such as `2027-03-14T02:30:00`. */
  readonly first: string
  readonly last: string
  /** One sentence, such as `skipped on 2027-03-14: 02:30 does not exist`. */
  readonly text: string
}

/** Notes on the changes in [from, to] that concern the pattern, oldest first; Unix seconds. */
export function dstNotes(source: CronSource, from: number, to: number): DstNote[] {
  const pattern = parseCronPattern(source.pattern)
  const policy = dstPolicy(pattern, source.dst)
  const calendar = new CalendarSearch(pattern)
  return offsetChanges(timeZone(source.timezone), from, to).flatMap((change) => {
    const begin = change.at + Math.min(change.before, change.after)
    const end = change.at + Math.max(change.before, change.after)
    const first = calendar.from(begin)
    if (first >= end) return []
    const last = calendar.until(end - 1)
    const note = change.after > change.before ? gapNote(change, policy, first, last) : overlapNote(policy, first, last)
    return [{ ...note, at: change.at * 1_000, first: localText(first), last: localText(last) }]
  })
}

function gapNote(
  change: OffsetChange,
  { gap }: DstPolicy,
  first: number,
  last: number,
): Pick<DstNote, 'kind' | 'text'> {
  const missing = `${times(first, last)} ${first === last ? 'does' : 'do'} not exist`
  if (gap === 'skip') return { kind: 'skipped', text: `skipped on ${date(first)}: ${missing}` }
  const length = change.after - change.before
  const moved = gap === 'end' ? clock(change.at + change.after) : times(first + length, last + length)
  return {
    kind: 'moved',
    text: `moved to ${moved} on ${date(gap === 'end' ? change.at + change.after : first + length)}: ${missing}`,
  }
}

function overlapNote({ overlap }: DstPolicy, first: number, last: number): Pick<DstNote, 'kind' | 'text'> {
  const double = `${times(first, last)} ${first === last ? 'comes' : 'come'} twice`
  if (overlap === 'both') return { kind: 'twice', text: `runs twice on ${date(first)}: ${double}` }
  const which = overlap === 'first' ? 'the first one counts' : 'the last one counts'
  return { kind: 'once', text: `runs once on ${date(first)}: ${double}, ${which}` }
}

function date(local: number): string {
  return localText(local).slice(0, -9)
}

function clock(local: number): string {
  return localText(local).slice(-8).replace(/:00$/, '')
}

function times(first: number, last: number): string {
  return first === last ? clock(first) : `${clock(first)} to ${clock(last)}`
}
