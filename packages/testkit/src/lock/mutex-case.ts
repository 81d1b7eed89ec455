import type { Runtime } from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager } from '@escapement/core'
import { type ContractClock, type ContractNode, realContractClock, virtualContractClock } from './contract-clock.ts'
import { type FaultyLockDriver, faultyLockDriver } from './faulty-lock-driver.ts'
import { silentLogger } from './silent-logger.ts'

/** One claim of a contract, for any test runner. */
export interface MutexCase {
  readonly title: string
  /** Rejects when the claim does not hold. */
  readonly run: () => Promise<void>
}

/** What a lock server or its driver may lack; the cases about it are then left out. */
export type MutexFeature = 'loseData' | 'waitForRelease' | 'advanceMany' | 'now'

/** A lock server without any locks, for one case. */
export interface MutexContractServer {
  /**
   * A new client. Cases in real time count on its connection to be there.
   *
   * @param node - The client's own clocks.
   * @returns A driver, which is tried behind `createMutexManager`; or a whole mutex, which brings its own faults.
   */
  connect(node: ContractNode): Promise<LockDriver | MutexClient> | LockDriver | MutexClient
  /** Makes the server forget everything, as a restart without its data does. */
  loseData?(): Promise<void>
  /** Ends the server; all clients are closed. */
  stop(): Promise<void>
}

/** What the contract is tried on. */
export interface MutexContractTarget {
  /** `virtual` when the server's clock is the runtime that `start` is given: cases then take no real time. Else `real`. */
  readonly time: 'virtual' | 'real'
  /** The ttl of most cases, milliseconds: for servers that keep no lease as short as the default of 1,000. */
  readonly ttlMs?: number
  /** For how long after its end a server may still keep a lease, milliseconds. Default 0. */
  readonly lingerMs?: number
  /** What cannot be tried here. Default: nothing. */
  readonly lacks?: readonly MutexFeature[]
  /** Starts a server, or makes room on one, for one case. */
  start(runtime: Runtime): Promise<MutexContractServer>
}

/** One client of the server under test. */
export interface MutexClient {
  readonly mutex: MutexManager
  /** What stands between the mutex and the server. */
  readonly driver: FaultyLockDriver
  /** The client's own clocks. */
  readonly node: ContractNode
}

/** What a case works with. */
export interface MutexCaseSetup {
  readonly clock: ContractClock
  readonly server: MutexContractServer
  /** One more client, with clocks and a connection of its own. */
  client(): Promise<MutexClient>
}

/** Short enough for real time, long enough for a busy machine. */
const DEFAULT_TTL_MS = 1_000

/** Makes a case: a server of its own for each run, with everything closed afterwards. */
export function mutexCase(
  target: MutexContractTarget,
  title: string,
  body: (setup: MutexCaseSetup) => Promise<void>,
): MutexCase {
  return {
    title,
    run: async () => {
      const clock = target.time === 'virtual' ? virtualContractClock() : realContractClock()
      const server = await target.start(clock.runtime)
      const clients: MutexClient[] = []
      const client = async (): Promise<MutexClient> => {
        const node = clock.node()
        const connected = await server.connect(node)
        const made = 'mutex' in connected ? connected : managed(connected, node)
        clients.push(made)
        return made
      }
      try {
        await body({ clock, server, client })
      } finally {
        for (const { driver, node } of clients) {
          driver.heal()
          node.resume()
        }
        await clock.until(Promise.all(clients.map(({ mutex }) => mutex.close())))
        await clock.until(server.stop())
      }
    },
  }
}

function managed(connected: LockDriver, node: ContractNode): MutexClient {
  const driver = faultyLockDriver(connected, node)
  return { mutex: createMutexManager(driver, { runtime: node, logger: silentLogger }), driver, node }
}

/** The target's lengths of time, milliseconds, with their defaults. */
export function caseTimes({ ttlMs = DEFAULT_TTL_MS, lingerMs = 0 }: MutexContractTarget): {
  readonly ttlMs: number
  readonly lingerMs: number
} {
  return { ttlMs, lingerMs }
}
