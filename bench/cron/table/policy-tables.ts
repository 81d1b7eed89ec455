import { type DstPolicy, readSchedule } from '@escapement/core'
import { tableText } from '../../harness/result-table.ts'

const HOUR_MS = 3_600_000

/** A night in which a zone changes its offset, and who is asked what. */
interface Night {
  readonly caption: string
  readonly timezone: string
  /** The hours of the question, as ISO text. */
  readonly from: string
  readonly hours: number
  readonly patterns: readonly string[]
}

const GAP: Night = {
  caption: 'America/New_York, 8 March 2026: 02:00 to 03:00 does not exist; ticks until 04:00, by the wall clock',
  timezone: 'America/New_York',
  from: '2026-03-08T06:59:59Z',
  hours: 1,
  patterns: ['30 2 * * *', '0,30 2 * * *', '15 2,3 * * *', '*/30 2 * * *', '0 * * * *', '*/20 * * * *'],
}
const OVERLAP: Night = {
  caption: 'America/New_York, 1 November 2026: 01:00 to 02:00 comes twice; ticks of both hours, ² the second time',
  timezone: 'America/New_York',
  from: '2026-11-01T04:59:59Z',
  hours: 2,
  patterns: ['30 1 * * *', '0,30 1 * * *', '*/30 1 * * *', '0 * * * *', '*/20 * * * *'],
}

/** What each policy makes of a gap, as Markdown. */
export function gapTable(): string {
  return policyTable(GAP, 'gap', ['end', 'skip', 'shift'])
}

/** What each policy makes of an overlap, as Markdown. */
export function overlapTable(): string {
  return policyTable(OVERLAP, 'overlap', ['first', 'last', 'both'])
}

function policyTable<Name extends keyof DstPolicy>(
  night: Night,
  name: Name,
  choices: readonly DstPolicy[Name][],
): string {
  return tableText({
    caption: night.caption,
    columns: ['pattern', ...choices.map((choice) => `\`${name}: '${choice}'\``), 'default is as'],
    rows: night.patterns.map((pattern) => {
      const of = (dst: Partial<DstPolicy>): string => ticksOf(night, pattern, dst)
      const chosen = choices.map((choice) => of({ [name]: choice }))
      const byDefault = choices.filter((_, index) => chosen[index] === of({}))
      return [`\`${pattern}\``, ...chosen, byDefault.map((choice) => `\`${choice}\``).join(' ')]
    }),
  })
}

function ticksOf({ timezone, from, hours }: Night, pattern: string, dst: Partial<DstPolicy>): string {
  const schedule = readSchedule({ pattern, timezone, dst })
  const [first, last] = [Date.parse(from), Date.parse(from) + hours * HOUR_MS]
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' })
  const shown: string[] = []
  for (let tick = schedule.next(first); tick !== null && tick <= last; tick = schedule.next(tick)) {
    const time = clock.format(tick)
    const isSecond = clock.format(tick - HOUR_MS) === time
    shown.push(isSecond ? `${time}²` : time)
  }
  return shown.length === 0 ? 'none' : shown.join(', ')
}
