import { InvalidOptionError } from '@escapement/base'
import { seededRandom } from '@escapement/testkit'
import { readSchedule } from '../../../src/cron/read-schedule.ts'
import { randomPattern } from '../oracle/random-pattern.ts'

/** What fuzzing found. */
export interface FuzzReport {
  texts: number
  /** Texts that are patterns. */
  accepted: number
  /** The longest that one text took to be read, or refused, with its first answer; the best of three where it was slow. */
  slowestMs: number
  slowest: string
  mostSteps: number
  /** Crashes, and answers that contradict each other. */
  readonly problems: string[]
}

const INSTANT = Date.UTC(2026, 10, 1, 5, 45)
/** What takes longer is tried again: the machine may have been busy. */
const SLOW_MS = 3
const ALPHABET = Array.from('0123456789*/-,?LWH#@+() \tljanfrisun.\u0000é\u{1F551}')

/** Reads texts made at random, many of them nearly patterns, until `isOver` says so. */
export function fuzzParser(seed: number, isOver: (texts: number) => boolean): FuzzReport {
  const random = seededRandom(seed)
  const report: FuzzReport = { texts: 0, accepted: 0, slowestMs: 0, slowest: '', mostSteps: 0, problems: [] }
  while (!isOver(report.texts)) {
    const text = randomText(random)
    let tookMs = timeOf(text, report)
    for (let again = 0; again < 2 && tookMs > SLOW_MS; again++) tookMs = Math.min(tookMs, timeOf(text, report))
    if (tookMs > report.slowestMs) {
      report.slowestMs = tookMs
      report.slowest = text
    }
    report.texts++
  }
  return report
}

function timeOf(text: string, report: FuzzReport): number {
  const started = performance.now()
  try {
    const schedule = readSchedule({ pattern: text, timezone: 'America/New_York' })
    const next = schedule.next(INSTANT)
    const tookMs = performance.now() - started
    report.accepted++
    report.mostSteps = Math.max(report.mostSteps, schedule.steps)
    if (next !== null && (next <= INSTANT || schedule.previous(next + 1) !== next)) report.problems.push(text)
    return tookMs
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) report.problems.push(`${text}: ${String(error)}`)
    return performance.now() - started
  }
}

function randomText(random: () => number): string {
  const below = (count: number): number => Math.floor(random() * count)
  const any = (): string => ALPHABET[below(ALPHABET.length)] as string
  const some = (count: number): string => Array.from({ length: count }, any).join('')
  const kind = below(10)
  if (kind === 0) return some(below(60))
  if (kind === 1) return some(1 + below(4)).repeat(below(700))
  const { text } = randomPattern(random, { first: 1970, last: 2199 })
  if (kind === 2) return text
  if (kind === 3) {
    const fields = text.split(' ')
    const field = below(fields.length)
    fields[field] = Array.from({ length: 1 + below(300) }, () => fields[field]).join()
    return fields.join(' ')
  }
  const at = below(text.length)
  return `${text.slice(0, at)}${some(below(4))}${text.slice(at + below(4))}`
}
