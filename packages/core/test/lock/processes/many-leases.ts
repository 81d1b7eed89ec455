/**
 * Holds 10,000 leases for three of their renewals and writes what that takes to its output, as JSON. Run with
 * `--expose-gc`.
 */
import { writeSync } from 'node:fs'
import { type Runtime, systemRuntime } from '@escapement/base'
import { createMutexManager, type LockDriver, memoryLockDriver } from '@escapement/core'

/** What the leases of one process take. */
export interface ManyLeases {
  /** Of the manager and the leases, without what the server keeps of them. */
  readonly heapBytes: number
  /** The most timers that the manager had at once. */
  readonly mostTimers: number
  readonly renewals: number
  readonly requests: number
  readonly held: number
}

const LEASES = 10_000
const TTL_MS = 3_000
let [timers, mostTimers, renewals, requests] = [0, 0, 0, 0]

const counted: Runtime = {
  now: () => systemRuntime.now(),
  monotonic: () => systemRuntime.monotonic(),
  id: () => systemRuntime.id(),
  random: () => systemRuntime.random(),
  async sleep(ms, signal, options) {
    const timer = startTimer()
    signal?.addEventListener('abort', timer.end)
    await systemRuntime.sleep(ms, signal, options).finally(timer.end)
  },
  repeat(ms, callback) {
    const timer = startTimer()
    const repeated = systemRuntime.repeat(ms, callback)
    return {
      [Symbol.dispose]: () => {
        timer.end()
        repeated[Symbol.dispose]()
      },
    }
  },
}

function startTimer(): { readonly end: () => void } {
  let isOver = false
  mostTimers = Math.max(mostTimers, ++timers)
  return {
    end: () => {
      if (!isOver) timers--
      isOver = true
    },
  }
}

const server = memoryLockDriver({})
const driver: LockDriver = {
  minTtlMs: server.minTtlMs,
  maxTtlMs: server.maxTtlMs,
  tryAcquire: (request) => server.tryAcquire(request),
  renewMany: async (given) => {
    requests++
    renewals += given.length
    return await server.renewMany(given)
  },
  release: (release) => server.release(release),
  close: () => server.close(),
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const keys = Array.from({ length: LEASES }, (_, index) => `lease ${index}`)
for (const key of keys) await server.tryAcquire({ key, owner: 'before', ttlMs: TTL_MS })
for (const key of keys) await server.release({ key, owner: 'before', fence: null })
const before = heapBytes()
const mutex = createMutexManager(driver, { runtime: counted })
const leases = await Promise.all(keys.map((key) => mutex.acquire(key, { ttl: TTL_MS })))
for (const lease of leases) lease.signal.throwIfAborted() // a signal of its own for each
mostTimers = timers
await systemRuntime.sleep(TTL_MS)
const answer: ManyLeases = {
  heapBytes: heapBytes() - before,
  mostTimers,
  renewals,
  requests,
  held: leases.filter((lease) => lease.remainingMs() > 0).length,
}
writeSync(1, JSON.stringify(answer))
process.exit(0)
