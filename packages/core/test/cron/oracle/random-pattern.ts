/** A date as the day fields of a pattern see it. */
export interface OracleDate {
  readonly year: number
  /** 1 is January. */
  readonly month: number
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
  readonly lengthOfMonth: number
}

/** A pattern written at random, and what it means by the words of crontab(5) and of the Open Cron Pattern Specification. */
export interface OraclePattern {
  readonly text: string
  readonly seconds: readonly number[]
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly isWildcard: boolean
  matches(date: OracleDate): boolean
}

/** A field: how it is written, and which values it has. */
interface Written {
  readonly text: string
  readonly has: (value: number) => boolean
}

/** A day field: how it is written, and which dates it has. */
interface WrittenDates {
  readonly text: string
  readonly has: (date: OracleDate) => boolean
}

type Random = () => number

const MONTHS = 'JAN FEB mar apr May jun jul aug sep oct nov dec'.split(' ')
const WEEKDAYS = 'SUN mon Tue wed thu fri sat'.split(' ')

const below = (random: Random, count: number): number => Math.floor(random() * count)
const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[below(random, choices.length)] as T

/** A pattern of five, six or seven fields; `years` are those that a year field may name. */
export function randomPattern(random: Random, years: { readonly first: number; readonly last: number }): OraclePattern {
  const fields = oneOf(random, [5, 5, 5, 6, 7])
  const second = fields === 5 ? { text: '0', has: (value: number) => value === 0 } : numbers(random, 0, 59)
  const minute = numbers(random, 0, 59)
  const hour = numbers(random, 0, 23)
  const month = random() < 0.6 ? anything() : numbers(random, 1, 12, MONTHS)
  const year = fields === 7 && random() < 0.7 ? yearsOf(random, years) : anything()
  const day = random() < 0.4 ? anyDate(oneOf(random, ['*', '?'])) : dates(random)
  const weekday = random() < 0.5 ? anyDate(oneOf(random, ['*', '?'])) : weekdays(random)
  const isBoth = !weekday.text.startsWith('?') && random() < 0.15
  const isEither = !isBoth && !/^[*?]/.test(day.text) && !/^[*?]/.test(weekday.text)
  const texts = [minute.text, hour.text, day.text, month.text, `${isBoth ? '+' : ''}${weekday.text}`]
  if (fields > 5) texts.unshift(second.text)
  if (fields > 6) texts.push(year.text)
  const range = (last: number): number[] => Array.from({ length: last + 1 }, (_, value) => value)
  return {
    text: texts.join(' '),
    seconds: range(59).filter(second.has),
    minutes: new Set(range(59).filter(minute.has)),
    hours: new Set(range(23).filter(hour.has)),
    isWildcard: minute.text.startsWith('*') || hour.text.startsWith('*'),
    matches: (date) => {
      if (!month.has(date.month) || !year.has(date.year)) return false
      return isEither ? day.has(date) || weekday.has(date) : day.has(date) && weekday.has(date)
    },
  }
}

function anything(): Written {
  return { text: '*', has: () => true }
}

function anyDate(text: string): WrittenDates {
  return { text, has: () => true }
}

function numbers(random: Random, min: number, max: number, names?: readonly string[]): Written {
  const first = min + below(random, max - min + 1)
  const last = min + below(random, max - min + 1)
  const step = 1 + below(random, Math.max(1, Math.floor((max - min) / 2)))
  const shown = (value: number): string =>
    names !== undefined && random() < 0.5 ? (names[value - min] as string) : String(value)
  // Years do not begin anew.
  const isBackward = last < first && max < 100
  const [low, high] = isBackward ? [first, last] : [Math.min(first, last), Math.max(first, last)]
  /** How far a value lies behind `from`, counted over the end. */
  const behind = (value: number, from: number): number =>
    value >= from ? value - from : value - from + (max - min + 1)
  const inRange = (value: number): boolean =>
    isBackward ? behind(value, low) <= behind(high, low) : value >= low && value <= high
  switch (below(random, 7)) {
    case 0:
      return anything()
    case 1:
      return { text: `*/${step}`, has: (value) => (value - min) % step === 0 }
    case 2:
      return { text: `${shown(low)}-${shown(high)}`, has: inRange }
    case 3:
      return {
        text: `${shown(low)}-${shown(high)}/${step}`,
        has: (value) => inRange(value) && behind(value, low) % step === 0,
      }
    case 4:
      return { text: `${first}/${step}`, has: (value) => value >= first && (value - first) % step === 0 }
    case 5: {
      const list = Array.from({ length: 2 + below(random, 3) }, () => min + below(random, max - min + 1))
      return { text: list.map(shown).join(), has: (value) => list.includes(value) }
    }
    default:
      return { text: shown(first), has: (value) => value === first }
  }
}

/** As other numbers, but for steps through all years, which begin in 1970. */
function yearsOf(random: Random, { first, last }: { readonly first: number; readonly last: number }): Written {
  const written = numbers(random, first, last)
  const step = written.text.startsWith('*/') ? Number(written.text.slice(2)) : null
  return step === null ? written : { text: written.text, has: (year) => (year - 1970) % step === 0 }
}

function dates(random: Random): WrittenDates {
  const items = Array.from({ length: random() < 0.7 ? 1 : 2 }, () => dateItem(random))
  return { text: items.map(({ text }) => text).join(), has: (date) => items.some(({ has }) => has(date)) }
}

function dateItem(random: Random): WrittenDates {
  const before = below(random, 31)
  const target = 1 + below(random, 31)
  switch (below(random, 8)) {
    case 0:
      return { text: 'L', has: ({ day, lengthOfMonth }) => day === lengthOfMonth }
    case 1:
      return { text: `L-${before}`, has: ({ day, lengthOfMonth }) => day + before === lengthOfMonth }
    case 2:
      return { text: `${target}W`, has: (date) => isNearest(date, target) }
    case 3:
      return { text: 'LW', has: (date) => isNearest(date, date.lengthOfMonth) }
    default: {
      const plain = numbers(random, 1, 31)
      return { text: plain.text, has: ({ day }) => plain.has(day) }
    }
  }
}

/** Whether a date is the working day nearest to `target` in its month: of all working days the one least far away. */
function isNearest({ day, weekday, lengthOfMonth }: OracleDate, target: number): boolean {
  if (target > lengthOfMonth) return false
  const working = Array.from({ length: lengthOfMonth }, (_, index) => index + 1).filter((one) => {
    const its = (((weekday + one - day) % 7) + 7) % 7
    return its !== 0 && its !== 6
  })
  const least = Math.min(...working.map((one) => Math.abs(one - target)))
  return working.includes(day) && Math.abs(day - target) === least
}

function weekdays(random: Random): WrittenDates {
  const target = below(random, 7)
  const shown =
    random() < 0.5 ? (WEEKDAYS[target] as string) : target === 0 ? oneOf(random, ['0', '7']) : String(target)
  const nth = 1 + below(random, 5)
  switch (below(random, 5)) {
    case 0:
      return { text: `${shown}#${nth}`, has: ({ weekday, day }) => weekday === target && Math.ceil(day / 7) === nth }
    case 1:
      return {
        text: `${shown}${oneOf(random, ['L', '#L'])}`,
        has: ({ weekday, day, lengthOfMonth }) => weekday === target && day + 7 > lengthOfMonth,
      }
    case 2:
      return { text: `${shown},${target}#1`, has: ({ weekday }) => weekday === target }
    default: {
      const plain = numbers(random, 0, 6, WEEKDAYS)
      return { text: plain.text, has: ({ weekday }) => plain.has(weekday) }
    }
  }
}
