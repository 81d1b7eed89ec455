import { type Duration, durationMs } from '@escapement/base'
import { Timeline } from './timeline.ts'
import { type VirtualNode, type VirtualNodeOptions, virtualNode } from './virtual-node.ts'
import { VirtualTimeError } from './virtual-time-error.ts'

/** Options of {@link virtualRuntime}. */
export interface VirtualRuntimeOptions {
  /** The same seed draws the same numbers. Default 1. */
  readonly seed?: number
  /** What the wall clock shows at the start, Unix milliseconds. Default 2026-01-01T00:00:00Z. */
  readonly startAt?: number
  /**
   * After how many instants the event loop has a turn; promise chains settle at every instant. Default 1. A simulation
   * of millions of instants whose handlers do nothing but await promises is faster with 64.
   */
  readonly yieldEvery?: number
}

/** A {@link VirtualNode} whose owner moves the time of all nodes. */
export interface VirtualRuntime extends VirtualNode {
  /** Another machine on the same timeline. */
  node(options?: VirtualNodeOptions): VirtualNode
  /** Lets `duration` pass: every sleep due in it ends at its own instant, and what it sets off settles before the next. */
  advance(duration: Duration): Promise<void>
  /** Lets time pass until this node's wall clock shows `instant`, Unix milliseconds. */
  advanceTo(instant: number): Promise<void>
  /**
   * Lets time pass just until a promise has settled or a condition holds.
   *
   * @param within - Virtual time that it may take. Default `1d`.
   * @returns What the promise resolved to; a condition's last answer.
   * @throws {@link VirtualTimeError} when the time is over, or when nothing sleeps and nothing moves any more.
   */
  runUntil<T>(goal: Promise<T> | (() => T | Promise<T>), within?: Duration): Promise<T>
  /** Lets everything settle that needs no time to pass, held work included. */
  settle(): Promise<void>
  /**
   * Lets no time pass until `work` has settled, and what follows from it: for real I/O, as with a server, behind virtual
   * machines. Work that sleeps on this timeline would wait for ever.
   *
   * @returns What `work` resolves to.
   */
  hold<T>(work: Promise<T>): Promise<T>
}

/** Real turns of the event loop that a goal may take while no virtual sleep is pending: real I/O needs some. */
const IDLE_TURNS = 10_000

/**
 * A runtime in virtual time: nothing happens until its owner moves the time, and a year passes in seconds.
 *
 * @example
 * const runtime = virtualRuntime({ seed: 7 })
 * const done = runtime.sleep(3_600_000).then(() => runtime.now())
 * await runtime.advance('1h')
 * await done
 */
export function virtualRuntime(options: VirtualRuntimeOptions = {}): VirtualRuntime {
  const { seed = 1, startAt = Date.UTC(2026, 0, 1), yieldEvery = 1 } = options
  const timeline = new Timeline(seed, startAt, yieldEvery)
  let nodes = 0
  const main = virtualNode(timeline, nodes)

  const passTo = (until: number): Promise<void> =>
    timeline.move(async () => {
      await timeline.settled()
      while (await timeline.step(until)) continue
      timeline.at = Math.max(timeline.at, until)
      await timeline.settled()
    })

  const until = async (isDone: () => boolean | Promise<boolean>, withinMs: number): Promise<void> => {
    const end = timeline.at + withinMs
    await timeline.settled()
    for (let idle = 0; !(await isDone()); ) {
      if (await timeline.step(end)) {
        idle = 0
      } else if (timeline.sleepers.size > 0) {
        throw new VirtualTimeError(`What was waited for did not come within ${withinMs} ms of virtual time`)
      } else if (idle++ < IDLE_TURNS) {
        await timeline.settled()
      } else {
        throw new VirtualTimeError('What was waited for cannot come: nothing sleeps and nothing moves any more')
      }
    }
  }

  return Object.defineProperties(
    {
      ...main,
      node: (nodeOptions?: VirtualNodeOptions) => virtualNode(timeline, ++nodes, nodeOptions),
      advance: (duration: Duration) => passTo(timeline.at + durationMs(duration, 'advance')),
      advanceTo: (instant: number) => passTo(timeline.at + instant - main.now()),
      runUntil: <T>(goal: Promise<T> | (() => T | Promise<T>), within: Duration = '1d') =>
        timeline.move(async () => {
          const withinMs = durationMs(within, 'within')
          if (typeof goal !== 'function') {
            let isSettled = false
            const mark = (): void => void (isSettled = true)
            goal.then(mark, mark)
            await until(() => isSettled, withinMs)
            return goal
          }
          let answer: T | undefined
          await until(async () => Boolean((answer = await goal())), withinMs)
          return answer as T
        }),
      settle: () => timeline.settled(),
      hold: <T>(work: Promise<T>) => timeline.hold(work),
    },
    {
      pendingSleeps: { get: () => main.pendingSleeps },
      keepAliveSleeps: { get: () => main.keepAliveSleeps },
    },
  ) as VirtualRuntime
}
