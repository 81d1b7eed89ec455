import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqliteStore } from '@escapement/store-db'
import { KILL_POINTS, type KillPoint, readyMarker } from './kill-point-store.ts'
import { SoakProcess } from './soak-process.ts'
import type { SoakSetting } from './soak-setting.ts'
import {
  countInFlight,
  judgeSoak,
  type LedgerEntry,
  NOTICE_MS,
  type SoakVerdict,
  type SoakWitness,
} from './soak-verdict.ts'

/** How long and how hard. */
export interface SoakPlan {
  readonly seconds: number
  readonly jobs: number
  readonly leaseMs: number
}

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
/** Beside a lease, the longest that it may take after the last tick until every execution has its verdict. */
const SETTLING_MS = 15_000
/** The moment of each second at which most is in flight: its ticks have just started. Milliseconds. */
const FULLEST_MS = 250
/** A death is to meet 50 attempts in flight, and some may end while it is on its way. */
const ENOUGH_IN_FLIGHT = 55

/**
 * Five processes on one SQLite file, while one is killed, one is stopped for longer than its lease, and one after the
 * other dies at each named point; every dead one is followed by another.
 */
export async function runSoak(plan: SoakPlan): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-soak-'))
  const processes: SoakProcess[] = []
  try {
    const add = (): SoakProcess => {
      const added = new SoakProcess(`process-${processes.length + 1}`, folder)
      processes.push(added)
      return added
    }
    for (let index = 0; index < PROCESSES; index++) add()
    await Promise.all(processes.map((each) => each.loaded()))
    const from = Math.ceil(Date.now() / 1_000) * 1_000 + 3_000
    const setting: SoakSetting = {
      database: join(folder, 'soak.db'),
      jobs: plan.jobs,
      from,
      until: from + (plan.seconds - 1) * 1_000,
      leaseMs: plan.leaseMs,
      horizonMs: HORIZON_MS,
      longestHandlerMs: LONGEST_HANDLER_MS,
    }
    await Promise.all(processes.map((each) => each.begin(setting)))
    const open = new Map<string, string>()
    const replace = async (): Promise<void> => {
      const added = add()
      await begun(added, setting)
      // A newcomer may be the one that gets to a point where nobody has died yet.
      for (const [point, marker] of open) added.order({ order: 'die-at', point, marker })
    }
    await disturb(setting, plan.seconds, folder, processes, open, replace)
    await until(setting.until + LONGEST_HANDLER_MS)
    await settled(setting)
    return await finish(setting, processes)
  } finally {
    for (const each of processes) if (!each.hasExited) each.kill()
    if (process.env['SOAK_KEEP'] !== '1') rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * One disturbance after the other, from a quarter of the soak on, when enough is in flight. Whoever is first meets
 * it: the first process that is busy is killed, the next one stopped, and whichever gets to a named point dies there.
 * To wait for a certain process could take the whole soak, since one claim may take all that is due, and planning ends
 * before the ticks do.
 */
async function disturb(
  setting: SoakSetting,
  seconds: number,
  folder: string,
  processes: readonly SoakProcess[],
  open: Map<string, string>,
  replace: () => Promise<void>,
): Promise<void> {
  const at = async (share: number): Promise<void> => await until(setting.from + Math.round(share * seconds) * 1_000)
  const endsAt = setting.until + setting.leaseMs + SETTLING_MS
  let turn = Promise.resolve()
  /** One death a second at most: the next one is to meet as much again. */
  const full = (): Promise<void> => (turn = turn.then(() => enoughInFlight(processes, endsAt)))
  const kill = async (): Promise<void> => {
    await at(0.25)
    await full()
    const killed = await firstBusy(processes)
    killed.kill()
  }
  const stop = async (): Promise<SoakProcess> => {
    await at(0.3)
    await full()
    const stopped = await firstBusy(processes)
    stopped.order({ order: 'stop-yourself' })
    return stopped
  }
  const dieAt = async (point: KillPoint, index: number): Promise<void> => {
    await at(0.3 + index * 0.13)
    const marker = join(folder, point)
    open.set(point, marker)
    for (const each of processes) if (each.isRunning) each.order({ order: 'die-at', point, marker })
    const mortal = await firstAt(marker, processes, endsAt)
    await full()
    mortal.order({ order: 'die' })
    await mortal.exited(20_000)
    open.delete(point)
    await replace()
  }
  const stopAndDie = async (): Promise<void> => {
    const stopped = await stop()
    // So long that others have taken over by then.
    const continued = sleep(setting.leaseMs + NOTICE_MS + 500).then(() => stopped.continue())
    await Promise.all([continued, ...KILL_POINTS.map(dieAt)])
  }
  await kill()
  await Promise.all([replace(), stopAndDie()])
}

/** The first process in which some handlers run. */
async function firstBusy(processes: readonly SoakProcess[]): Promise<SoakProcess> {
  const running = processes.filter((each) => each.isRunning)
  return await Promise.any(running.map((each) => each.busy().then(() => each)))
}

/** Resolves at the next moment at which enough is in flight. */
async function enoughInFlight(processes: readonly SoakProcess[], endsAt: number): Promise<void> {
  do {
    await sleep((1_000 + FULLEST_MS - (Date.now() % 1_000)) % 1_000)
    const running = processes.filter((each) => each.isRunning)
    if (countInFlight(running.map(witnessOf), Date.now()) >= ENOUGH_IN_FLIGHT) return
  } while (Date.now() < endsAt)
}

/** The process that is the first at a named point, once it is there. */
async function firstAt(marker: string, processes: readonly SoakProcess[], endsAt: number): Promise<SoakProcess> {
  while (!existsSync(readyMarker(marker))) {
    if (Date.now() > endsAt) throw new Error(`no process came to ${marker} before all was over`)
    await sleep(20)
  }
  const pid = Number(readFileSync(marker, 'utf8'))
  const first = processes.find((each) => each.pid === pid)
  if (first === undefined) throw new Error(`process ${pid} at ${marker} is none of the soak`)
  return first
}

async function begun(added: SoakProcess, setting: SoakSetting): Promise<void> {
  await added.loaded()
  await added.begin(setting)
}

async function until(instant: number): Promise<void> {
  await sleep(Math.max(0, instant - Date.now()))
}

/** Resolves when every execution has its verdict; gives up after a lease and some. */
async function settled(setting: SoakSetting): Promise<void> {
  await using store = sqliteStore(setting.database)
  await store.open()
  const deadline = Date.now() + setting.leaseMs + SETTLING_MS
  const filter = { statuses: ['scheduled', 'running'] as const, to: setting.until + 1 }
  while ((await store.countExecutions('default', filter, 1)) > 0 && Date.now() < deadline) await sleep(100)
}

async function finish(setting: SoakSetting, processes: readonly SoakProcess[]): Promise<SoakReport> {
  const living = processes.filter((each) => !each.hasExited)
  for (const each of living) each.order({ order: 'finish' })
  await Promise.all(living.map((each) => each.exited(30_000)))
  const witnesses = processes.map(witnessOf)
  const verdict = judgeSoak(setting, witnesses, await readLedger(setting))
  const crashed = processes.filter((each) => each.errors !== '').map((each) => `${each.name}: ${each.errors}`)
  return {
    ...verdict,
    problems: [...verdict.problems, ...crashed],
    processes: witnesses.map(({ name, notes }) => ({
      name,
      longestBlockMs: Math.round(notes.findLast((note) => note.kind === 'loop')?.longestMs ?? 0),
      troubles: notes.flatMap((note) => (note.kind === 'trouble' ? [`${note.during}: ${note.message}`] : [])),
    })),
  }
}

function witnessOf(each: SoakProcess): SoakWitness {
  const notes = each.notes()
  const diedAt = notes.find((note) => note.kind === 'died-at')?.at ?? null
  return { name: each.name, notes, killedAt: each.killedAt ?? diedAt }
}

async function readLedger(setting: SoakSetting): Promise<readonly LedgerEntry[]> {
  await using store = sqliteStore(setting.database)
  await store.open()
  const entries: LedgerEntry[] = []
  for (let index = 0; index < setting.jobs; index++) {
    const job = `soak-${index}`
    for (const { id, scheduledFor, status } of await store.tickExecutions(
      'default',
      job,
      0,
      Number.MAX_SAFE_INTEGER,
      10_000,
    )) {
      entries.push({ id, job, tick: scheduledFor, status })
    }
    for (const span of await store.spans('default', job, 0, Number.MAX_SAFE_INTEGER, 10_000)) {
      entries.push({ id: 'span', job, tick: span.from, status: span.reason })
    }
  }
  return entries
}
