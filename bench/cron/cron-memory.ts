import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readSchedule } from '@escapement/core'

/** Bytes of heap: per pattern with the schedule that was made of it, and for all zones read from 1970 to 2100. */
export interface CronMemory {
  readonly perPattern: number
  readonly allZones: number
  /** How many zones there are. */
  readonly zones: number
}

/** No more than are kept read. */
const PATTERNS = 4_000
const YEAR_MS = 365 * 86_400_000

/** @param share - The share of the zones that is read; the rest is reckoned from it. */
export function measureMemory(share: number): CronMemory {
  const kept: unknown[] = []
  const patterns = Array.from(
    { length: PATTERNS },
    (_, index) => `${index % 60} ${Math.floor(index / 60) % 24} L-3 * +1-5`,
  )
  const sources = patterns.map((pattern, index) => ({ pattern: `${index % 59} ${pattern}`, timezone: 'UTC' }))
  const all = Intl.supportedValuesOf('timeZone')
  const names = all.filter((_, index) => index % Math.round(1 / share) === 0)
  readSchedule({ pattern: '* * * * *', timezone: 'UTC' }).next(0)
  const before = heapBytes()
  kept.push(...sources.map((source) => [source, readSchedule(source)]))
  const between = heapBytes()
  for (const timezone of names) {
    const schedule = readSchedule({ pattern: '0 0 1 1 *', timezone })
    for (let year = 0; year < 131; year++) schedule.next(year * YEAR_MS)
    kept.push(schedule)
  }
  const after = heapBytes()
  if (kept.length !== PATTERNS + names.length) throw new Error('what is measured was not kept')
  return {
    perPattern: (between - before) / PATTERNS,
    allZones: ((after - between) / names.length) * all.length,
    zones: all.length,
  }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < 3; round++) collect()
  return process.memoryUsage().heapUsed
}
