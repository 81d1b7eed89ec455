import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countInFlight } from './attempt-run.ts'
import { type KillPoint, readyMarker } from './kill-point-store.ts'
import { SoakProcess } from './soak-process.ts'
import type { SoakSetting } from './soak-setting.ts'

/** The moment of each second at which most is in flight: its ticks have just started. Milliseconds. */
const FULLEST_MS = 250
/** A death is to meet 50 attempts in flight, and some may end while it is on its way. */
const ENOUGH_IN_FLIGHT = 55
/** A process whose death was ordered has this long to end. Milliseconds. */
const DEATH_MS = 20_000

/** The processes of a soak; every dead one is followed by another. */
export class SoakCluster implements Disposable {
  readonly processes: SoakProcess[] = []
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'escapement-soak-'))
  /** Points at which whoever gets there first is to die, with the file that it leaves. */
  readonly #points = new Map<KillPoint, string>()
  #turn: Promise<void> = Promise.resolve()

  /** Loads so many processes. */
  async load(count: number): Promise<void> {
    for (let index = 0; index < count; index++) this.#add()
    await Promise.all(this.processes.map((each) => each.loaded()))
  }

  /** Starts the schedulers of all that are loaded; the first one makes the tables and registers the jobs for all. */
  async begin(setting: SoakSetting): Promise<void> {
    const [first, ...others] = this.processes
    await first?.begin(setting)
    if (Date.now() >= setting.from)
      throw new Error('the jobs were not registered by the first tick: this machine is too busy')
    await Promise.all(others.map((each) => each.begin(setting)))
  }

  /** Adds a process in the place of a dead one. */
  async replace(setting: SoakSetting): Promise<void> {
    const added = this.#add()
    await added.loaded()
    await added.begin(setting)
    // A newcomer may be the one that gets to a point where nobody has died yet.
    for (const [point, marker] of this.#points) added.order({ order: 'die-at', point, marker })
  }

  /** The first process in which some handlers run. To wait for a certain one could take the whole soak. */
  async firstBusy(): Promise<SoakProcess> {
    return await Promise.any(this.#running.map((each) => each.busy().then(() => each)))
  }

  /** Resolves at a moment at which enough is in flight, for one caller a second: the next death is to meet as much again. */
  full(giveUpAt: number): Promise<void> {
    return (this.#turn = this.#turn.then(() => this.#enoughInFlight(giveUpAt)))
  }

  /** Lets whichever process is the first at a named point die there, when enough is in flight. */
  async dieAt(point: KillPoint, giveUpAt: number): Promise<void> {
    const marker = join(this.#folder, point)
    this.#points.set(point, marker)
    for (const each of this.#running) each.order({ order: 'die-at', point, marker })
    const mortal = await this.#firstAt(marker, giveUpAt)
    await this.full(giveUpAt)
    mortal.order({ order: 'die' })
    await mortal.exited(DEATH_MS)
    this.#points.delete(point)
  }

  /** Ends all schedulers in order. */
  async finish(limitMs: number): Promise<void> {
    const living = this.processes.filter((each) => !each.hasExited)
    for (const each of living) each.order({ order: 'finish' })
    await Promise.all(living.map((each) => each.exited(limitMs)))
  }

  [Symbol.dispose](): void {
    for (const each of this.processes) if (!each.hasExited) each.kill()
    if (process.env['SOAK_KEEP'] === '1') console.log(`histories of the processes: ${this.#folder}`)
    else rmSync(this.#folder, { recursive: true, force: true })
  }

  get #running(): readonly SoakProcess[] {
    return this.processes.filter((each) => each.isRunning)
  }

  #add(): SoakProcess {
    const added = new SoakProcess(`process-${this.processes.length + 1}`, this.#folder)
    this.processes.push(added)
    return added
  }

  async #enoughInFlight(giveUpAt: number): Promise<void> {
    do {
      await sleep((1_000 + FULLEST_MS - (Date.now() % 1_000)) % 1_000)
      const witnesses = this.#running.map((each) => each.witness())
      if (countInFlight(witnesses, Date.now()) >= ENOUGH_IN_FLIGHT) return
    } while (Date.now() < giveUpAt)
  }

  async #firstAt(marker: string, giveUpAt: number): Promise<SoakProcess> {
    while (!existsSync(readyMarker(marker))) {
      if (Date.now() > giveUpAt) throw new Error(`no process came to ${marker} before all was over`)
      await sleep(20)
    }
    const pid = Number(readFileSync(marker, 'utf8'))
    const first = this.processes.find((each) => each.pid === pid)
    if (first === undefined) throw new Error(`process ${pid} at ${marker} is none of the soak`)
    return first
  }
}
