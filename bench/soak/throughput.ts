import type { StartedRun } from './attempt-run.ts'
import type { DatabaseFault } from './database-moves.ts'
import type { SoakSetting } from './soak-setting.ts'

const SECOND_MS = 1_000
/** So many seconds before a fault say what the throughput was. */
const SECONDS_BEFORE = 10
/** This part of it must be there again. */
const SHARE = 0.9
/** A tick that starts by then is not behind. Milliseconds. */
const BEHIND_MS = 1_000

/** How the cluster came back from a fault of the database. */
export interface Comeback extends DatabaseFault {
  /** Handlers started a second: the median of the seconds before, and the mean while the fault lasted. */
  readonly before: number
  readonly during: number
  /**
   * After how long, since the server answered, a whole second had passed at 90 % of what was before, or of what falls due
   * where something was being caught up before. Milliseconds; infinite: never.
   */
  readonly backMs: number
  /** After how long the last tick started that was behind by more than a second. Milliseconds. */
  readonly caughtUpMs: number
}

/** What throughput did around a fault, from the handlers that were called. */
export function comebackOf(
  fault: DatabaseFault,
  nextFaultAt: number,
  { from: firstTick, jobs }: SoakSetting,
  runs: readonly StartedRun[],
): Comeback {
  const starts = runs.map(({ startedAt }) => startedAt).toSorted((a, b) => a - b)
  const before = medianBefore(starts, fault.from, firstTick)
  const enough = Math.min(before, jobs) * SHARE
  const back = starts.find((at) => at >= fault.until && countIn(starts, at, at + SECOND_MS) >= enough)
  const behind = runs.filter(
    ({ startedAt, tick }) => startedAt >= fault.until && startedAt < nextFaultAt && startedAt - tick > BEHIND_MS,
  )
  const seconds = (fault.until - fault.from) / SECOND_MS
  return {
    ...fault,
    before,
    during: countIn(starts, fault.from, fault.until) / seconds,
    backMs: back === undefined ? Number.POSITIVE_INFINITY : back + SECOND_MS - fault.until,
    caughtUpMs: Math.max(0, ...behind.map(({ startedAt }) => startedAt - fault.until)),
  }
}

/** Of whole seconds, each with its tick in the middle: a tick that starts a little late is in the same second. */
function medianBefore(starts: readonly number[], instant: number, firstTick: number): number {
  const lastTick = Math.floor((instant - SECOND_MS / 2) / SECOND_MS) * SECOND_MS
  const counts: number[] = []
  for (let tick = lastTick; tick >= firstTick && counts.length < SECONDS_BEFORE; tick -= SECOND_MS) {
    counts.push(countIn(starts, tick - SECOND_MS / 2, tick + SECOND_MS / 2))
  }
  return counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0
}

function countIn(starts: readonly number[], from: number, until: number): number {
  return starts.filter((at) => at >= from && at < until).length
}
