import { fileURLToPath } from 'node:url'
import { type Duration, durationMs, systemRuntime } from '@escapement/base'
import type { ContestFault } from './contest-fault.ts'
import { ContestProcesses } from './contest-processes.ts'
import { type ContestReport, contestReport, type HappenedFault } from './contest-report.ts'
import { sharedNow } from './shared-clock.ts'

const DEFAULT_HOLD_MS = 60
const DEFAULT_PAUSE_MS = 200

/** A contest: who contends, for what, and what happens meanwhile. */
export interface ContestPlan {
  /** The script that each process runs, with this Node. It makes a mutex and calls `contend` with it. */
  readonly script: URL
  /** What the script is given, such as where the server is. */
  readonly args: readonly string[]
  readonly processes: number
  readonly keys: readonly string[]
  readonly ttl: Duration
  /** How long a key is held, on average. Default 60 ms. */
  readonly hold?: Duration
  /** They happen in this order, at least once each, and again until the time is over. */
  readonly faults: readonly ContestFault[]
  /** Between two faults. Default 200 ms. */
  readonly pause?: Duration
  /** From when all processes contend until no other fault happens. Default: each fault happens once. */
  readonly lasts?: Duration
  /** Whether the server grants nothing after a loss until all leases from before have ended. Default false. */
  readonly hasQuarantine?: boolean
  /** The longest that a key may be free while somebody wants it, the times in which faults last apart. Default five ttls. */
  readonly longestWait?: Duration
}

/**
 * Lets processes contend for keys of one lock server while things happen to them and to it, and judges what they noted.
 * Not on Windows, which has no SIGSTOP.
 *
 * @returns What was seen; `findings` is empty when all was as promised.
 * @throws Error when a process complains while a fault is being prepared: it ends by itself, or writes to its error output.
 */
export async function runContest(plan: ContestPlan): Promise<ContestReport> {
  const { args, keys, faults, hasQuarantine = false } = plan
  const ttlMs = durationMs(plan.ttl, 'ttl')
  const pauseMs = durationMs(plan.pause ?? DEFAULT_PAUSE_MS, 'pause')
  const lastsMs = durationMs(plan.lasts ?? 0, 'lasts')
  const longestWaitMs = durationMs(plan.longestWait ?? 5 * ttlMs, 'longestWait')
  const settings = { keys, ttlMs, holdMs: durationMs(plan.hold ?? DEFAULT_HOLD_MS, 'hold') }
  const happened: HappenedFault[] = []
  const processes = new ContestProcesses({ script: fileURLToPath(plan.script), args, settings })
  try {
    await processes.start(plan.processes)
    const startedAt = sharedNow()
    do {
      for (const fault of faults) {
        await systemRuntime.sleep(pauseMs)
        const from = sharedNow()
        await fault.happen(processes)
        happened.push({ fault, from: Math.max(from, processes.struckAt), until: sharedNow() })
      }
    } while (sharedNow() < startedAt + lastsMs)
    // What the last fault has left behind is judged, too.
    await systemRuntime.sleep(pauseMs)
    await Promise.race([processes.allGranted(keys), systemRuntime.sleep(longestWaitMs)])
  } finally {
    await processes[Symbol.asyncDispose]()
  }
  const { history, complaints } = processes
  return contestReport({ history, complaints, happened, keys, ttlMs, hasQuarantine, longestWaitMs })
}
