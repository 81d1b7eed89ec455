import { type CronContender, walkBy } from './cron-contender.ts'

const DAY_MS = 86_400_000

/**
 * The least that could answer: bit masks of five fields with lists, ranges and steps of numbers, in a zone whose offset
 * never changes, with no rule for days that are no such field. What it leaves out is what the rest costs.
 */
export const FLOOR: CronContender = {
  name: 'floor',
  open: (pattern) => {
    const fields = pattern.split(' ')
    if (fields.length !== 5 || !/^[\d*,/ -]+$/.test(pattern)) return null
    const [minutes, hours, days, months, weekdays] = fields.map((field, index) =>
      maskOf(field, BOUNDS[index] ?? [0, 0]),
    )
    if (fields[2] !== '*' && fields[4] !== '*') return null
    const next = nextBy({
      minutes: minutes ?? 0n,
      hours: Number(hours),
      days: Number(days),
      months: Number(months),
      weekdays: Number(weekdays),
    })
    return { walk: walkBy(next), next, previous: null }
  },
}

const BOUNDS: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
]

interface Masks {
  readonly minutes: bigint
  readonly hours: number
  readonly days: number
  readonly months: number
  readonly weekdays: number
}

function maskOf(field: string, [min, max]: readonly [number, number]): bigint {
  let mask = 0n
  for (const item of field.split(',')) {
    const [bounds = '', step = '1'] = item.split('/')
    const [first = '', last = first] = bounds === '*' ? [String(min), String(max)] : bounds.split('-')
    for (let value = Number(first); value <= Number(last); value += Number(step)) mask |= 1n << BigInt(value)
  }
  return mask
}

function nextBy({ minutes, hours, days, months, weekdays }: Masks): (after: number) => number {
  const low = Number(minutes & 0x3fffffffn)
  const high = Number(minutes >> 30n)
  const minuteFrom = (from: number): number => {
    const inLow = from < 30 ? low & (-1 << from) : 0
    if (inLow !== 0) return 31 - Math.clz32(inLow & -inLow)
    const inHigh = high & (-1 << Math.max(0, from - 30))
    return from > 59 || inHigh === 0 ? 60 : 61 - Math.clz32(inHigh & -inHigh)
  }
  const first = minuteFrom(0)
  const isAnyDate = days === 0xfffffffe && months === 0x1ffe
  const date = new Date(0)
  return (after) => {
    const time = Math.floor(after / 60_000) + 1
    let day = Math.floor(time / 1_440)
    let hour = Math.floor((time - day * 1_440) / 60)
    let minute = time - day * 1_440 - hour * 60
    for (;;) {
      const skipped = isAnyDate ? 0 : daysUntilDate(date, day, days, months)
      if (skipped === 0 && ((weekdays >> ((day + 4) % 7)) & 1) === 1) {
        if (((hours >> hour) & 1) === 1) {
          const found = minuteFrom(minute)
          if (found < 60) return (day * 1_440 + hour * 60 + found) * 60_000
        }
        const later = hours & (-2 << hour)
        if (later !== 0) return (day * 1_440 + (31 - Math.clz32(later & -later)) * 60 + first) * 60_000
      }
      day += Math.max(1, skipped)
      hour = 0
      minute = 0
    }
  }
}

/** How many days at least lie between a day and the next date of the fields; 0: it is one. */
function daysUntilDate(date: Date, day: number, days: number, months: number): number {
  date.setTime(day * DAY_MS)
  const dayOfMonth = date.getUTCDate()
  const isMonth = ((months >> (date.getUTCMonth() + 1)) & 1) === 1
  const coming = isMonth ? days & (-1 << dayOfMonth) : 0
  // No month ends before the 28th.
  return coming === 0 ? Math.max(1, 29 - dayOfMonth) : 31 - Math.clz32(coming & -coming) - dayOfMonth
}
