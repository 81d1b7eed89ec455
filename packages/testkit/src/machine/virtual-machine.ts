import type { JobStore } from '@escapement/core'
import type { VirtualNode, VirtualNodeOptions } from '../runtime/virtual-node.ts'
import type { VirtualRuntime } from '../runtime/virtual-runtime.ts'

/** One machine of a virtual cluster: clocks and timers of its own, and a way to the store that it can be cut from. */
export interface VirtualMachine {
  readonly runtime: VirtualNode
  /** The store as this machine reaches it. */
  readonly store: JobStore
  /** Stops it as SIGSTOP does: its timers hold, what it asks of the store waits, and so does what it was answered. */
  suspend(): void
  /** Ends `suspend`. */
  resume(): void
  /** Ends it as SIGKILL does: nothing of it ever goes on. What the store was asked for before is done. */
  kill(): void
}

/**
 * Adds a machine to a virtual cluster, on which a scheduler can be stopped and killed.
 *
 * @param store - Shared with the other machines; on the clock of `runtime`, not on that of one machine.
 */
export function virtualMachine(
  runtime: VirtualRuntime,
  store: JobStore,
  options: VirtualNodeOptions = {},
): VirtualMachine {
  const node = runtime.node(options)
  const gate = new Gate()
  return {
    runtime: node,
    store: gatedStore(store, gate),
    suspend() {
      node.pause()
      gate.close()
    },
    resume() {
      gate.open()
      node.resume()
    },
    kill() {
      node.pause()
      gate.lock()
    },
  }
}

/** What lets calls and answers through, or not. */
class Gate {
  #state: 'open' | 'closed' | 'locked' = 'open'
  #waiting: (() => void)[] = []
  #onLock: (() => void)[] = []

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  open(): void {
    if (this.#state !== 'closed') return
    this.#state = 'open'
    for (const pass of this.#waiting.splice(0)) pass()
  }

  close(): void {
    if (this.#state === 'open') this.#state = 'closed'
  }

  lock(): void {
    this.#state = 'locked'
    this.#waiting = []
    for (const clean of this.#onLock.splice(0)) clean()
  }

  /** Calls `clean` when nothing will ever pass again. */
  onLock(clean: () => void): void {
    this.#onLock.push(clean)
  }

  async passed(): Promise<void> {
    while (this.#state !== 'open') {
      await new Promise<void>((resolve) => {
        if (this.#state !== 'locked') this.#waiting.push(resolve)
      })
    }
  }
}

function gatedStore(store: JobStore, gate: Gate): JobStore {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (property === 'subscribe') return gatedSubscribe(target, gate)
      if (property === 'findings') return value
      return async (...given: unknown[]): Promise<unknown> => {
        if (!gate.isOpen) await gate.passed()
        const answer: unknown = await Reflect.apply(value, target, given)
        if (!gate.isOpen) await gate.passed()
        return answer
      }
    },
  })
}

/** Hints for a stopped machine come when it goes on; those for a dead one never. */
function gatedSubscribe(store: JobStore, gate: Gate): JobStore['subscribe'] {
  return (namespace, listener) => {
    let isWaiting = false
    const subscription = store.subscribe(namespace, (hint) => {
      if (gate.isOpen) return listener(hint)
      if (isWaiting) return
      isWaiting = true
      void gate.passed().then(() => {
        isWaiting = false
        listener('work') // a heartbeat of its own tells it of a cancel
      })
    })
    gate.onLock(() => subscription[Symbol.dispose]())
    return subscription
  }
}
