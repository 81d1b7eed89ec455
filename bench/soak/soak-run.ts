import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqliteStore } from '@escapement/store-db'
import { FULLEST_MS, KILL_POINTS } from './kill-point-store.ts'
import { SoakProcess } from './soak-process.ts'
import type { SoakSetting } from './soak-setting.ts'
import { judgeSoak, type LedgerEntry, type SoakVerdict, type SoakWitness } from './soak-verdict.ts'

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
    const replacements: Promise<void>[] = []
    const open = new Map<string, string>()
    const replace = (): void => {
      const added = add()
      // A newcomer may be the one that gets to a point where nobody has died yet.
      const armed = begun(added, setting).then(() => {
        for (const [point, marker] of open) added.order({ order: 'die-at', point, marker })
      })
      replacements.push(armed)
    }
    await disturb(setting, plan.seconds, folder, processes, open, replace)
    await Promise.all(replacements)
    await until(setting.until + LONGEST_HANDLER_MS)
    await settled(setting)
    return await finish(setting, processes)
  } finally {
    for (const each of processes) if (!each.hasExited) each.kill()
    if (process.env['SOAK_KEEP'] !== '1') rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * One disturbance after the other, from the fifth part of the soak on, when enough is in flight. Whichever process is
 * first at a named point dies there; the deaths may overlap.
 */
async function disturb(
  setting: SoakSetting,
  seconds: number,
  folder: string,
  processes: readonly SoakProcess[],
  open: Map<string, string>,
  replace: () => void,
): Promise<void> {
  const at = async (share: number): Promise<void> =>
    await until(setting.from + Math.round(share * seconds) * 1_000 + FULLEST_MS)
  const [killed, stopped] = processes as [SoakProcess, SoakProcess]
  await at(0.2)
  await killed.busy()
  await sleep((1_000 + FULLEST_MS - (Date.now() % 1_000)) % 1_000)
  killed.kill()
  replace()
  await at(0.25)
  await stopped.busy()
  stopped.order({ order: 'stop-yourself' })
  const continued = sleep(setting.leaseMs * 1.6).then(() => stopped.continue())
  const deaths = KILL_POINTS.map(async (point, index) => {
    await at(0.3 + index * 0.13)
    const marker = join(folder, point)
    open.set(point, marker)
    for (const each of processes) if (!each.hasExited) each.order({ order: 'die-at', point, marker })
    await mortal(processes, marker)
    open.delete(point)
    replace()
  })
  await Promise.all([continued, ...deaths])
}

/** Resolves when the process that was the first at a named point is dead. */
async function mortal(processes: readonly SoakProcess[], marker: string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!existsSync(marker) || readFileSync(marker, 'utf8') === '') {
    if (Date.now() > deadline) throw new Error(`no process came to ${marker}`)
    await sleep(20)
  }
  const pid = Number(readFileSync(marker, 'utf8'))
  await processes.find((each) => each.pid === pid)?.exited(20_000)
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
  const deadline = Date.now() + setting.leaseMs + 15_000
  const filter = { statuses: ['scheduled', 'running'] as const, to: setting.until + 1 }
  while ((await store.countExecutions('default', filter, 1)) > 0 && Date.now() < deadline) await sleep(100)
}

async function finish(setting: SoakSetting, processes: readonly SoakProcess[]): Promise<SoakReport> {
  const living = processes.filter((each) => !each.hasExited)
  for (const each of living) each.order({ order: 'finish' })
  await Promise.all(living.map((each) => each.exited(30_000)))
  const witnesses = processes.map((each): SoakWitness => {
    const notes = each.notes()
    const diedAt = notes.find((note) => note.kind === 'died-at')?.at ?? null
    return { name: each.name, notes, killedAt: each.killedAt ?? diedAt }
  })
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
