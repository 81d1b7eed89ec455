import type { Logger } from '@escapement/base'
import {
  type AnyJob,
  createScheduler,
  type JobStore,
  memoryStore,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerOptions,
} from '@escapement/core'
import {
  type VirtualMachine,
  virtualMachine,
  type VirtualNodeOptions,
  virtualRuntime,
  type VirtualRuntime,
} from '@escapement/testkit'

/** 2026-01-01T00:00:00Z: where virtual time begins. */
export const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

/** A scheduler on a machine of its own. */
export interface Member {
  readonly scheduler: Scheduler
  readonly machine: VirtualMachine
  /** What its scheduler told, oldest first. */
  readonly events: { readonly type: string; readonly [field: string]: unknown }[]
}

const TOLD: readonly (keyof SchedulerEvents)[] = [
  'execution:started',
  'execution:succeeded',
  'execution:failed',
  'execution:timed-out',
  'execution:cancelled',
  'execution:retrying',
  'execution:returned',
  'execution:late',
  'execution:slow',
  'execution:abandoned',
  'execution:lost',
  'execution:progress',
  'execution:recovered',
  'tick:dropped',
  'instance:lost',
  'job:registered',
  'job:retired',
  'scheduler:error',
]

/** What goes wrong on purpose is not worth a line: the events tell it. */
const SILENCE: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Machines in virtual time that share one store in memory. */
export class Cluster implements AsyncDisposable {
  readonly runtime: VirtualRuntime
  readonly store: JobStore
  readonly #members: Member[] = []

  constructor(
    options: { readonly seed?: number; readonly startAt?: number; readonly wrap?: (store: JobStore) => JobStore } = {},
  ) {
    this.runtime = virtualRuntime({ startAt: START, ...options })
    const store = memoryStore({ runtime: this.runtime })
    this.store = options.wrap?.(store) ?? store
  }

  /** Milliseconds since the virtual start. */
  get elapsed(): number {
    return this.runtime.now() - START
  }

  /** Makes a scheduler on a new machine and does not start it. */
  add(
    options: Partial<SchedulerOptions> & { readonly jobs: readonly AnyJob[] },
    clock: VirtualNodeOptions = {},
  ): Member {
    const machine = virtualMachine(this.runtime, this.store, clock)
    const scheduler = createScheduler({ store: machine.store, runtime: machine.runtime, logger: SILENCE, ...options })
    const events: Member['events'] = []
    for (const type of TOLD) scheduler.on(type, (event) => events.push({ type, ...event }))
    const member = { scheduler, machine, events }
    this.#members.push(member)
    return member
  }

  /** Makes a scheduler on a new machine and starts it. */
  async start(
    options: Partial<SchedulerOptions> & { readonly jobs: readonly AnyJob[] },
    clock: VirtualNodeOptions = {},
  ): Promise<Member> {
    const member = this.add(options, clock)
    await this.run(member.scheduler.start())
    return member
  }

  /** Lets time pass until `elapsed` is this, and a little more, so that what is due then has had its turn. Milliseconds. */
  reach(elapsed: number): Promise<void> {
    return this.runtime.advanceTo(START + elapsed + 100)
  }

  /** Lets what was just asked for have its turn: ten milliseconds. */
  turn(): Promise<void> {
    return this.runtime.advance(10)
  }

  /** Lets time pass until `work` has settled. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.runtime.runUntil(work)
  }

  /** Sets every machine aside, as it stands. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { machine } of this.#members) machine.kill()
    await Promise.resolve()
  }
}
