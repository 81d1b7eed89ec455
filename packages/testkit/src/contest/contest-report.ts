import { checkHistory } from '../history/check-history.ts'
import type { HistoryEvent } from '../history/history-event.ts'
import type { FailedWrite, HistoryReport, KeyWait } from '../history/history-report.ts'
import type { ContestFault } from './contest-fault.ts'

/** Of fewer nothing is said: faults come in between. */
const LEAST_HAND_OFFS = 10

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
  readonly ttlMs: number
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
export interface ContestReport extends Omit<HistoryReport, 'findings' | 'waits' | 'failedWrites'> {
  readonly failedWrites: number
  /** How long half of the keys that a holder gave back to those who wanted them were free at most, milliseconds; null: too few were. */
  readonly handOffMs: number | null
  readonly faults: readonly FaultFigure[]
  /** For people; empty: all was as promised. */
  readonly findings: readonly string[]
}

/** Judges a contest. */
export function contestReport(evidence: ContestEvidence): ContestReport {
  const { history, happened, hasQuarantine, ttlMs, longestWaitMs } = evidence
  const losses = happened
    .filter(({ fault }) => fault.losesData === true)
    .map(({ from, until }) => ({ from, until, leasesEndBy: until + ttlMs }))
  const { findings, waits, failedWrites, ...counts } = checkHistory(history, { losses, hasQuarantine })
  const waitsOf = Map.groupBy(waits, (wait) => causeOf(wait, happened))
  const handOffMs = medianHandOffMs(waits)
  const faults = happened.map((each) => figureOf(each, waitsOf.get(each) ?? [], happened))
  return {
    ...counts,
    failedWrites: failedWrites.length,
    handOffMs,
    faults,
    findings: [
      ...evidence.complaints,
      ...findings.map(({ key, kind, message, at }) => `${key}, ${kind}: ${message}${placeOf(at, happened)}`),
      ...longWaits(faults, longestWaitMs),
      ...longFirstWaits(waitsOf.get(undefined) ?? [], longestWaitMs),
      ...(handOffMs === null || handOffMs <= ttlMs / 2
        ? []
        : [`half of the keys that were given back were free for ${Math.round(handOffMs)} ms while they were wanted`]),
      ...inexcusableWrites(failedWrites, happened, longestWaitMs),
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

function medianHandOffMs(waits: readonly KeyWait[]): number | null {
  const handOffs = waits.flatMap(({ isAfterRelease, waitedMs }) => (isAfterRelease ? [waitedMs] : []))
  if (handOffs.length < LEAST_HAND_OFFS) return null
  return handOffs.toSorted((a, b) => a - b)[Math.floor(handOffs.length / 2)] ?? null
}

/** Before the first fault. */
function longFirstWaits(waits: readonly KeyWait[], limitMs: number): string[] {
  return waits
    .filter(({ waitedMs }) => waitedMs > limitMs)
    .map(({ key, waitedMs }) => `${key} was free for ${Math.round(waitedMs)} ms before anything happened`)
}

/** Writes that failed when no fault of a server was near. */
function inexcusableWrites(
  writes: readonly FailedWrite[],
  happened: readonly HappenedFault[],
  graceMs: number,
): string[] {
  const excuses = happened.filter(({ fault }) => fault.sparesServer !== true)
  return writes
    .filter(({ from, at }) => !excuses.some((fault) => fault.from <= at && fault.until + graceMs >= from))
    .map(({ key, at, problem }) => `a write of ${key} failed: ${problem}${placeOf(at, happened)}`)
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
