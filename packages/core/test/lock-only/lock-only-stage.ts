import { type Logger, quietLogger } from '@escapement/base'
import {
  type AnyJob,
  createMutexManager,
  createScheduler,
  type LockDriver,
  memoryLockDriver,
  type MutexManager,
  type RunContext,
  type Scheduler,
  type SchedulerOptions,
} from '@escapement/core'
import {
  type FaultyLockDriver,
  faultyLockDriver,
  type VirtualNode,
  type VirtualRuntime,
  virtualRuntime,
} from '@escapement/testkit'

/** 2026-01-01T00:00:00Z: where virtual time begins. */
export const START: number = Date.UTC(2026, 0, 1)
export const SECOND = 1_000
export const MINUTE = 60_000

/** An instance on a machine and with a connection to the lock server of its own. */
export interface Instance {
  readonly scheduler: Scheduler
  readonly node: VirtualNode
  readonly driver: FaultyLockDriver
  readonly mutex: MutexManager
  /** What ran here, oldest first. */
  readonly runs: Run[]
  /** Ends it as SIGKILL does: nothing that it asked for is answered any more. */
  readonly kill: () => void
}

export interface Run {
  readonly job: string
  readonly scheduledFor: number
  readonly startedAt: number
  readonly attempt: number
  readonly fence: bigint
}

export interface InstanceOptions extends Partial<Omit<SchedulerOptions, 'jobs'>> {
  readonly offsetMs?: number
  /** What the lock server lacks. */
  readonly lacks?: readonly ('now' | 'advanceMany')[]
}

/** Makes the jobs of an instance; handlers note their runs with `ran`. */
export type MakeJobs = (given: {
  readonly node: VirtualNode
  readonly ran: (context: RunContext) => void
}) => readonly AnyJob[]

const SILENCE: Logger = { ...quietLogger, warn: () => undefined, error: () => undefined }

/** Instances that share a lock server and nothing else, in virtual time. */
export class LockOnlyStage implements AsyncDisposable {
  readonly runtime: VirtualRuntime = virtualRuntime({ startAt: START, yieldEvery: 16 })
  /** The lock server; its clock is the stage's. */
  readonly server: LockDriver = memoryLockDriver({ runtime: this.runtime })
  readonly instances: Instance[] = []

  add(makeJobs: MakeJobs, options: InstanceOptions = {}): Instance {
    const { offsetMs = 0, lacks = [], ...schedulerOptions } = options
    const node = this.runtime.node({ offsetMs })
    const runs: Run[] = []
    const ran = ({ job, scheduledFor, attempt, fence }: RunContext): void =>
      void runs.push({ job, scheduledFor, attempt, fence, startedAt: this.runtime.now() })
    const life = { isOver: false }
    const driver = faultyLockDriver(mortal(without(this.server, lacks), life), node)
    const mutex = createMutexManager(driver, { runtime: node, logger: SILENCE })
    const jobs = makeJobs({ node, ran })
    const scheduler = createScheduler({ jobs, mutex, runtime: node, logger: SILENCE, ...schedulerOptions })
    const kill = (): void => {
      life.isOver = true
      node.pause()
    }
    const instance = { scheduler, node, driver, mutex, runs, kill }
    this.instances.push(instance)
    return instance
  }

  async start(makeJobs: MakeJobs, options: InstanceOptions = {}): Promise<Instance> {
    const instance = this.add(makeJobs, options)
    await this.runtime.runUntil(instance.scheduler.start())
    return instance
  }

  /** Lets time pass until `elapsed` milliseconds since the start, and a little more. */
  reach(elapsed: number): Promise<void> {
    return this.runtime.advanceTo(START + elapsed + 100)
  }

  /** Runs of all instances by the tick that they are of, in milliseconds since the start. */
  runsByTick(job: string): Map<number, Run[]> {
    const byTick = new Map<number, Run[]>()
    for (const run of this.instances.flatMap(({ runs }) => runs)) {
      if (run.job !== job) continue
      const tick = run.scheduledFor - START
      byTick.set(tick, [...(byTick.get(tick) ?? []), run])
    }
    return byTick
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { kill } of this.instances) kill()
    await this.runtime.settle()
  }
}

/** Ticks of a job each `everyMs`, from the first after the start to `untilMs`. */
export function ticksUntil(everyMs: number, untilMs: number): number[] {
  return Array.from({ length: Math.floor(untilMs / everyMs) }, (_, index) => (index + 1) * everyMs)
}

function without(driver: LockDriver, lacks: readonly string[]): LockDriver {
  return new Proxy(driver, {
    get(target, name): unknown {
      if (lacks.includes(String(name))) return undefined
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** A connection that ends with its process. */
function mortal(driver: LockDriver, life: { readonly isOver: boolean }): LockDriver {
  return new Proxy(driver, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...given: unknown[]): Promise<unknown> => {
        if (life.isOver) await new Promise(() => undefined)
        const answer: unknown = await Reflect.apply(member, target, given)
        if (life.isOver) await new Promise(() => undefined)
        return answer
      }
    },
  })
}
