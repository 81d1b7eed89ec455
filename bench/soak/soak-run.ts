import { setTimeout as sleep } from 'node:timers/promises'
import { type DatabaseFault, moveDatabase } from './database-moves.ts'
import { moveProcess } from './process-moves.ts'
import { SoakCluster } from './soak-cluster.ts'
import { openSoakDatabase } from './soak-database.ts'
import { countUnsettled, readLedger } from './soak-ledger.ts'
import type { SoakPlan } from './soak-plan.ts'
import type { SoakSetting } from './soak-setting.ts'
import { judgeSoak, type SoakVerdict } from './soak-verdict.ts'

/** One soak: what was judged, and what each process said of its event loop. */
export interface SoakReport extends SoakVerdict {
  readonly processes: readonly {
    readonly name: string
    readonly longestBlockMs: number
    readonly troubles: readonly string[]
  }[]
}

const LONGEST_HANDLER_MS = 3_000
const PROCESSES = 5
/** Short, so that every process comes to plan within a short soak. */
const HORIZON_MS = 3_000
/** From loading the processes to the first tick. Milliseconds. */
const BEFORE_MS = 4_000
/** Beside a lease, the longest that it may take after the last tick until every execution has its verdict. */
const SETTLING_MS = 15_000
/** Ending all handlers, and leaving. Milliseconds. */
const ENDING_MS = 30_000

/** Five processes on one database run jobs due each second, while things happen to them and to its server. */
export async function runSoak(plan: SoakPlan): Promise<SoakReport> {
  await using database = await openSoakDatabase(plan.kind)
  using cluster = new SoakCluster()
  await cluster.load(PROCESSES)
  const from = Math.ceil(Date.now() / 1_000) * 1_000 + BEFORE_MS
  const setting: SoakSetting = {
    database: database.address,
    jobs: plan.jobs,
    from,
    until: from + (plan.seconds - 1) * 1_000,
    leaseMs: plan.leaseMs,
    horizonMs: HORIZON_MS,
    longestHandlerMs: LONGEST_HANDLER_MS,
  }
  await cluster.begin(setting)
  const settledBy = setting.until + setting.leaseMs + SETTLING_MS
  const faults: DatabaseFault[] = []
  const moveServer = async (): Promise<void> => {
    for (const move of plan.databaseMoves) {
      await until(from + move.at * 1_000)
      faults.push(await moveDatabase(move, database))
    }
  }
  const moves = plan.processMoves.map(async (move) => {
    await until(from + move.at * 1_000)
    await moveProcess(move, cluster, setting, settledBy)
  })
  await Promise.all([...moves, moveServer()])
  await until(setting.until + LONGEST_HANDLER_MS)
  while ((await countUnsettled(database.address)) > 0 && Date.now() < settledBy) await sleep(100)
  await cluster.finish(ENDING_MS)
  return await reportOn(setting, cluster, faults)
}

async function reportOn(
  setting: SoakSetting,
  { processes }: SoakCluster,
  faults: readonly DatabaseFault[],
): Promise<SoakReport> {
  const witnesses = processes.map((each) => each.witness())
  const verdict = judgeSoak({ setting, witnesses, faults, ledger: await readLedger(setting.database) })
  const ends = processes.flatMap((each) => each.endProblem() ?? [])
  return {
    ...verdict,
    problems: [...verdict.problems, ...ends],
    processes: witnesses.map(({ name, notes }) => ({
      name,
      longestBlockMs: Math.round(notes.findLast((note) => note.kind === 'loop')?.longestMs ?? 0),
      troubles: notes.flatMap((note) => (note.kind === 'trouble' ? [`${note.during}: ${note.message}`] : [])),
    })),
  }
}

async function until(instant: number): Promise<void> {
  await sleep(Math.max(0, instant - Date.now()))
}
