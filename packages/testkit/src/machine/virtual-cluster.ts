import type { Logger } from '@escapement/base'
import {
  type AnyJob,
  createScheduler,
  type JobStore,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerOptions,
} from '@escapement/core'
import type { VirtualNodeOptions } from '../runtime/virtual-node.ts'
import type { VirtualRuntime } from '../runtime/virtual-runtime.ts'
import { type VirtualMachine, virtualMachine } from './virtual-machine.ts'

/** A scheduler on a machine of its own. */
export interface ClusterMember {
  readonly scheduler: Scheduler
  readonly machine: VirtualMachine
  /** What its scheduler told, oldest first. */
  readonly events: { readonly type: string; readonly [field: string]: unknown }[]
}

/** What a scheduler of a cluster is made of; its store, clock and logger are the cluster's unless given. */
export type MemberOptions = Partial<SchedulerOptions> & { readonly jobs: readonly AnyJob[] }

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

/** After an instant so much time passes as well, so that what is due at it has had its turn. Milliseconds. */
const TURN_MS = 100

/** What goes wrong on purpose is not worth a line: the events tell it. */
const SILENCE: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/**
 * Machines in virtual time that share one store, each with a scheduler that can be stopped and killed.
 *
 * @example
 * const runtime = virtualRuntime()
 * await using cluster = new VirtualCluster(runtime, memoryStore({ runtime }))
 * const { machine } = await cluster.start({ jobs })
 * await cluster.reach(60_000)
 * machine.kill()
 */
export class VirtualCluster implements AsyncDisposable {
  readonly runtime: VirtualRuntime
  readonly store: JobStore
  /** Where its time began, Unix milliseconds. */
  readonly startedAt: number
  readonly #members: ClusterMember[] = []

  /** @param store - Shared by all machines; its server's clock is `runtime.now()`. */
  constructor(runtime: VirtualRuntime, store: JobStore) {
    this.runtime = runtime
    this.store = store
    this.startedAt = runtime.now()
  }

  /** Milliseconds since the cluster's time began. */
  get elapsed(): number {
    return this.runtime.now() - this.startedAt
  }

  /** Makes a scheduler on a new machine and does not start it. */
  add(options: MemberOptions, clock: VirtualNodeOptions = {}): ClusterMember {
    const machine = virtualMachine(this.runtime, this.store, clock)
    const scheduler = createScheduler({ store: machine.store, runtime: machine.runtime, logger: SILENCE, ...options })
    const events: ClusterMember['events'] = []
    for (const type of TOLD) scheduler.on(type, (event) => events.push({ type, ...event }))
    const member = { scheduler, machine, events }
    this.#members.push(member)
    return member
  }

  /** Makes a scheduler on a new machine and starts it. */
  async start(options: MemberOptions, clock: VirtualNodeOptions = {}): Promise<ClusterMember> {
    const member = this.add(options, clock)
    await this.run(member.scheduler.start())
    return member
  }

  /** Lets time pass until `elapsed` is this, and a little more, so that what is due then has had its turn. Milliseconds. */
  reach(elapsed: number): Promise<void> {
    return this.runtime.advanceTo(this.startedAt + elapsed + TURN_MS)
  }

  /** Lets what was just asked for have its turn: ten milliseconds. */
  turn(): Promise<void> {
    return this.runtime.advance(10)
  }

  /** Lets time pass until `work` has settled. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.runtime.runUntil(work)
  }

  /** Kills every machine; what they had asked of the store is done when this resolves. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { machine } of this.#members) machine.kill()
    await this.runtime.settle()
  }
}
