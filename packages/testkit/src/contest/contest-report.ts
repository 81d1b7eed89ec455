import { checkHistory } from '../history/check-history.ts'
import type { HistoryEvent } from '../history/history-event.ts'
import type { HistoryReport, KeyWait } from '../history/history-report.ts'
import type { ContestFault } from './contest-fault.ts'

/** A fault, and when it was. Instants are those of the history. */
export interface HappenedFault {
  readonly fault: ContestFault
  readonly from: number
  readonly until: number
}

/** What is judged. */
export interface ContestEvidence {
  readonly history: readonly HistoryEvent[]
  readonly complaints: readonly string[]
  /** In order. */
  readonly happened: readonly HappenedFault[]
  readonly keys: readonly string[]
  readonly hasQuarantine: boolean
  readonly longestWaitMs: number
}

/** What a fault did to those who waited. */
export interface FaultFigure {
  readonly name: string
  /** How long it took, until the server answered again. Milliseconds. */
  readonly tookMs: number
  /** The longest that a key was free afterwards while somebody wanted it, from the end of the fault on. Milliseconds. */
  readonly longestWaitMs: number
}

/** What was seen in a contest. */
export interface ContestReport extends Omit<HistoryReport, 'findings' | 'waits'> {
  readonly faults: readonly FaultFigure[]
  /** For people; empty: all was as promised. */
  readonly findings: readonly string[]
}

/** Judges a contest. */
export function contestReport(evidence: ContestEvidence): ContestReport {
  const { history, happened, hasQuarantine } = evidence
  const losses = happened.filter(({ fault }) => fault.losesData === true)
  const { findings, waits, ...counts } = checkHistory(history, { losses: hasQuarantine ? [] : losses })
  const faults = happened.map((each, index) => figureOf(each, happened[index + 1]?.from, waits))
  return {
    ...counts,
    faults,
    findings: [
      ...evidence.complaints,
      ...findings.map(({ key, kind, message, at }) => `${key}, ${kind}: ${message}${placeOf(at, happened)}`),
      ...longWaits(faults, evidence.longestWaitMs),
      ...idleKeys(evidence),
      ...(counts.appliedWrites > 0 ? [] : ['no guarded write was applied']),
      ...(counts.refusedWrites > 0 || !happened.some(({ fault }) => fault.overtakes === true)
        ? []
        : ['no write of a holder that was overtaken came late and was refused']),
    ],
  }
}

function figureOf(
  { fault, from, until }: HappenedFault,
  nextFrom: number = Number.POSITIVE_INFINITY,
  waits: readonly KeyWait[],
): FaultFigure {
  const after = waits.filter(({ at }) => at >= from && at < nextFrom)
  const longestWaitMs = Math.max(0, ...after.map(({ at, waitedMs }) => Math.min(waitedMs, at - until)))
  return { name: fault.name, tookMs: until - from, longestWaitMs }
}

function longWaits(faults: readonly FaultFigure[], limitMs: number): string[] {
  return faults
    .filter(({ longestWaitMs }) => longestWaitMs > limitMs)
    .map(({ name, longestWaitMs }) => `a key was free for ${Math.round(longestWaitMs)} ms after ${name}`)
}

/** Keys that nobody was granted any more after the last fault. */
function idleKeys({ keys, history, happened }: ContestEvidence): string[] {
  const since = happened.at(-1)?.until ?? Number.NEGATIVE_INFINITY
  const granted = new Set(history.flatMap((event) => (event.type === 'granted' && event.at > since ? [event.key] : [])))
  return keys.filter((key) => !granted.has(key)).map((key) => `${key} was granted to nobody after the last fault`)
}

function placeOf(at: number, happened: readonly HappenedFault[]): string {
  const last = happened.findLast(({ from }) => from <= at)
  return last === undefined ? '' : `, ${Math.round(at - last.from)} ms after this: ${last.fault.name}`
}
