import type { ClusterLedger } from './cluster-ledger.ts'
import type { ClusterStarts } from './cluster-members.ts'
import type { Start } from './lateness-message.ts'

/** What starts so late while one is killed had been claimed by that one. Milliseconds. */
const HELD_MS = 1_000

/** What the handlers and the ledger say of the seconds that were watched. */
export interface ClusterOutcome {
  /** Ticks that were due in the watched seconds, by brute force. */
  readonly ticks: number
  /** Starts of ticks that no dead instance had held before. Milliseconds. */
  readonly latenessMs: readonly number[]
  /** Ticks that a dead instance held and another one ran; how late they were. Milliseconds. */
  readonly takenOverMs: readonly number[]
  /** Ticks without exactly one execution that succeeded. */
  readonly misses: number
  /**
   * Ticks with two executions, or executions whose handler was started twice by processes that live without the first
   * start being interrupted. What a killed process had begun runs again: at least once (rule 14).
   */
  readonly duplicates: number
}

/** What was watched: seconds of [from, to), with so many jobs due in each. */
export interface Watched {
  readonly jobs: number
  readonly from: number
  readonly to: number
  readonly isKilled: boolean
}

/** Judges by the ids of ticks and executions. */
export async function verdictByLedger(
  watched: Watched,
  starts: ClusterStarts,
  ledger: ClusterLedger,
): Promise<ClusterOutcome> {
  const executions = await ledger.executions(watched.from, watched.to)
  const startsById = Map.groupBy(starts.living, (start) => start.executionId)
  const startsOfDead = Map.groupBy(starts.dead, (start) => start.executionId)
  const byTick = Map.groupBy(executions, (execution) => tickOf(execution.job, execution.scheduledFor))
  const latenessMs: number[] = []
  const takenOverMs: number[] = []
  let duplicates = [...byTick.values()].filter((ofTick) => ofTick.length > 1).length
  for (const { id } of executions) {
    const begun = startsById.get(id) ?? []
    const begunByDead = startsOfDead.get(id) ?? []
    const latest = begun.at(-1) ?? begunByDead.at(-1)
    if (latest === undefined) continue
    const interrupted = begun.length > 1 ? await ledger.interrupted(id) : 0
    if (begun.length > 1 + interrupted) duplicates++
    const isBegunAgain = begun.length > 0 && begunByDead.length > 0
    if (interrupted > 0 || isBegunAgain || (watched.isKilled && latest.latenessMs > HELD_MS))
      takenOverMs.push(latest.latenessMs)
    else latenessMs.push(latest.latenessMs)
  }
  const misses = ticks(watched).filter((tick) => {
    const succeeded = (byTick.get(tick) ?? []).filter(({ status }) => status === 'succeeded')
    return succeeded.length !== 1
  })
  return { ticks: ticks(watched).length, latenessMs, takenOverMs, misses: misses.length, duplicates }
}

/** Judges those that keep no ledger by what their handlers noted. */
export function verdictByStarts(watched: Watched, starts: readonly Start[]): ClusterOutcome {
  const inTime = starts.filter(({ scheduledFor }) => scheduledFor >= watched.from && scheduledFor < watched.to)
  const byTick = Map.groupBy(inTime, ({ job, scheduledFor }) => tickOf(job, scheduledFor))
  return {
    ticks: ticks(watched).length,
    latenessMs: [...byTick.values()].map((begun) => begun[0]?.latenessMs ?? Number.NaN),
    takenOverMs: [],
    misses: ticks(watched).filter((tick) => !byTick.has(tick)).length,
    duplicates: [...byTick.values()].filter((begun) => begun.length > 1).length,
  }
}

function ticks({ jobs, from, to }: Watched): readonly string[] {
  const seconds = Array.from({ length: (to - from) / 1_000 }, (_, n) => from + n * 1_000)
  return seconds.flatMap((second) => Array.from({ length: jobs }, (_, job) => tickOf(`bench.tick-${job}`, second)))
}

function tickOf(job: string, scheduledFor: number): string {
  return `${job}@${scheduledFor}`
}
