import { checkHistory } from '../history/check-history.ts'
import type { HistoryEvent } from '../history/history-event.ts'
import type { HistoryReport, KeyWait } from '../history/history-report.ts'
import type { ContestFault } from './contest-fault.ts'

/** A fault, and when it was: one of a holder from when it struck. Instants are those of the history. */
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

/** What a fault did to those who waited. Milliseconds. */
export interface FaultFigure {
  readonly name: string
  /** How long it took, until the server answered again. */
  readonly tookMs: number
  /** The longest that a key was then free while somebody wanted it. */
  readonly longestWaitMs: number
  /** The longest part of such a wait in which nothing went on any more, neither this fault nor one after it. */
  readonly longestQuietWaitMs: number
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
  const { findings, waits, ...counts } = checkHistory(history, { losses, hasQuarantine })
  const waitsOf = Map.groupBy(waits, (wait) => causeOf(wait, happened))
  const faults = happened.map((each) => figureOf(each, waitsOf.get(each) ?? [], happened))
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

/** The first fault while the key was free, else the last one before. */
function causeOf({ at, waitedMs }: KeyWait, happened: readonly HappenedFault[]): HappenedFault | undefined {
  const freeSince = at - waitedMs
  const meanwhile = happened.find(({ from, until }) => until >= freeSince && from <= at)
  return meanwhile ?? happened.findLast(({ until }) => until < freeSince)
}

function figureOf(
  { fault, from, until }: HappenedFault,
  waits: readonly KeyWait[],
  happened: readonly HappenedFault[],
): FaultFigure {
  const longest = (msOf: (wait: KeyWait) => number): number => Math.max(0, ...waits.map(msOf))
  return {
    name: fault.name,
    tookMs: until - from,
    longestWaitMs: longest(({ waitedMs }) => waitedMs),
    longestQuietWaitMs: longest((wait) => quietMs(wait, happened)),
  }
}

function quietMs({ at, waitedMs }: KeyWait, happened: readonly HappenedFault[]): number {
  const during = happened.map(({ from, until }) => Math.max(0, Math.min(at, until) - Math.max(at - waitedMs, from)))
  return waitedMs - during.reduce((sum, ms) => sum + ms, 0)
}

function longWaits(faults: readonly FaultFigure[], limitMs: number): string[] {
  return faults
    .filter(({ longestQuietWaitMs }) => longestQuietWaitMs > limitMs)
    .map(({ name, longestQuietWaitMs }) => `a key was free for ${Math.round(longestQuietWaitMs)} ms after ${name}`)
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
