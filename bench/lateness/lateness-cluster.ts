import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceMessage, InstanceOrder, InstanceSetting, Start } from './lateness-message.ts'

/** One is killed so long before a full second: one that has claimed what falls due then, and started nothing of it. Milliseconds. */
const BEFORE_TICK_MS = 10
/** What starts so late while one is killed had been claimed by that one. Milliseconds. */
const HELD_MS = 1_000

/** What a run of a cluster looks like. */
export interface ClusterSetting extends Omit<InstanceSetting, 'path' | 'instance'> {
  readonly path: string
  readonly instances: number
  readonly seconds: number
  /** Whether one instance is killed with SIGKILL in the middle. */
  readonly kill: boolean
}

/** What the handlers and the ledger say of the seconds that were watched. */
export interface ClusterOutcome {
  /** Ticks that were due in the watched seconds, by brute force. */
  readonly ticks: number
  /** First starts of ticks, on instances that live, which no dead one had held before. Milliseconds. */
  readonly latenessMs: readonly number[]
  /** Ticks that a dead instance held and another one ran; how late they were. Milliseconds. */
  readonly takenOverMs: readonly number[]
  /** Ticks without exactly one execution that succeeded. */
  readonly misses: number
  /** Ticks with two executions, or executions whose handler was started twice without the first one being interrupted. */
  readonly duplicates: number
}

interface TickRow {
  readonly job: string
  readonly scheduled_for: number
  readonly id: string
  readonly status: string
  readonly interrupted: number
}

/** Runs real processes on one file and judges what they did, by the ids of ticks and executions. */
export async function runCluster(setting: ClusterSetting): Promise<ClusterOutcome> {
  const members = await startMembers(setting)
  await sleep(3_000) // the first seconds are those of registration
  const from = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000
  const to = from + setting.seconds * 1_000
  if (setting.kill) {
    const second = Math.ceil((from + to) / 2_000) * 1_000
    await sleep(second - BEFORE_TICK_MS - Date.now())
    members[holderOf(setting.path, second)]?.process.kill('SIGKILL')
  }
  await sleep(to + (setting.kill ? 11_000 : 1_000) - Date.now())
  const living = members.filter((member) => member.process.signalCode === null)
  await Promise.all(living.map((member) => stopMember(member.process)))
  return judge({
    setting,
    starts: members.flatMap(({ starts }) => starts).toSorted((a, b) => startedAt(a) - startedAt(b)),
    from,
    to,
  })
}

/** Which process has claimed ticks of a second that is still to come. */
function holderOf(path: string, second: number): number {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const row = database
      .prepare('SELECT instance FROM escapement_executions WHERE scheduled_for = ? AND instance IS NOT NULL LIMIT 1')
      .get(second) as { readonly instance: string } | undefined
    return Number(row?.instance.split('.')[0] ?? 0)
  } finally {
    database.close()
  }
}

function startedAt({ scheduledFor, latenessMs }: Start): number {
  return scheduledFor + latenessMs
}

/** One process, and what it told of its handlers. */
interface Member {
  readonly process: ChildProcess
  readonly starts: Start[]
}

async function startMembers(setting: ClusterSetting): Promise<Member[]> {
  const members: Member[] = []
  for (let n = 0; n < setting.instances; n++) {
    const argument: InstanceSetting = {
      path: setting.path,
      jobs: setting.jobs,
      mutex: setting.mutex,
      instance: String(n),
    }
    const member = fork(new URL('./lateness-instance.ts', import.meta.url), [JSON.stringify(argument)])
    const starts: Start[] = []
    members.push({ process: member, starts })
    const ready = new Promise<void>((resolve, reject) => {
      member.on('message', (message: InstanceMessage) => {
        if (message.kind === 'ready') resolve()
        if (message.kind === 'starts') starts.push(...message.starts)
      })
      member.on('exit', (code) => reject(new Error(`an instance ended with ${code}`)))
    })
    await ready
  }
  return members
}

async function stopMember(member: ChildProcess): Promise<void> {
  const exit = once(member, 'exit')
  const order: InstanceOrder = { kind: 'stop' }
  member.send(order)
  await exit
}

function judge(run: {
  readonly setting: ClusterSetting
  readonly starts: readonly Start[]
  readonly from: number
  readonly to: number
}): ClusterOutcome {
  const { setting, starts, from, to } = run
  const rows = ticksOf(setting.path, from, to)
  const startsById = Map.groupBy(starts, (start) => start.executionId)
  const byTick = Map.groupBy(rows, (row) => `${row.job}@${row.scheduled_for}`)
  const latenessMs: number[] = []
  const takenOverMs: number[] = []
  let duplicates = 0
  for (const row of rows) {
    const begun = startsById.get(row.id) ?? []
    if (begun.length > 1 + row.interrupted) duplicates++
    const latest = begun.at(-1)
    if (latest === undefined) continue
    if (row.interrupted > 0 || (setting.kill && latest.latenessMs > HELD_MS)) takenOverMs.push(latest.latenessMs)
    else latenessMs.push(latest.latenessMs)
  }
  for (const executions of byTick.values()) if (executions.length > 1) duplicates++
  let misses = 0
  for (let tick = from; tick < to; tick += 1_000) {
    for (let job = 0; job < setting.jobs; job++) {
      const executions = byTick.get(`bench.tick-${job}@${tick}`) ?? []
      if (executions.filter((row) => row.status === 'succeeded').length !== 1) misses++
    }
  }
  return { ticks: (setting.jobs * (to - from)) / 1_000, latenessMs, takenOverMs, misses, duplicates }
}

function ticksOf(path: string, from: number, to: number): readonly TickRow[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database
      .prepare(
        `SELECT job, scheduled_for, id, status,
           (SELECT count(*) FROM escapement_attempts WHERE execution_seq = seq AND outcome = 'interrupted') AS interrupted
         FROM escapement_executions WHERE job LIKE 'bench.tick-%' AND scheduled_for >= ? AND scheduled_for < ?`,
      )
      .all(from, to) as unknown as TickRow[]
  } finally {
    database.close()
  }
}
