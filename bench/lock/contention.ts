import { systemRuntime } from '@escapement/base'
import { percentile } from '../harness/percentile.ts'
import type { LockContender, OpenLock } from './lock-contender.ts'

/** Milliseconds at the 99th percentile; an acquire includes the wait for the other one. */
export interface ContentionFigures {
  /** One key after the other. */
  readonly steady: ContendedTimes
  /** All keys in the same instant. */
  readonly burst: ContendedTimes
}

interface ContendedTimes {
  readonly acquireP99: number
  readonly releaseP99: number
}

const KEYS = 100
const TTL_MS = 30_000
/** How long a key is kept. */
const HOLD_MS = 5
/** Each key comes twice a second. */
const NEXT_KEY_MS = 5

/** A hundred keys, each wanted by two clients with connections of their own in the same instant. */
export async function measureContention(
  contender: LockContender,
  place: string,
  rounds: number,
): Promise<ContentionFigures> {
  await using first = await contender.open(place)
  await using second = await contender.open(place)
  const clients = [first, second]
  await contended(clients, 1, 0) // warms up
  return {
    steady: await contended(clients, rounds, NEXT_KEY_MS),
    burst: await contended(clients, rounds, 0),
  }
}

async function contended(clients: readonly OpenLock[], rounds: number, nextKeyMs: number): Promise<ContendedTimes> {
  const acquires: number[] = []
  const releases: number[] = []
  const take = async (lock: OpenLock, key: string): Promise<void> => {
    const startedAt = performance.now()
    const release = await lock.acquire(key, TTL_MS)
    acquires.push(performance.now() - startedAt)
    await systemRuntime.sleep(HOLD_MS)
    const releasedAt = performance.now()
    await release()
    releases.push(performance.now() - releasedAt)
  }
  for (let round = 0; round < rounds; round++) {
    const taken: Promise<void>[] = []
    for (let n = 0; n < KEYS; n++) {
      if (nextKeyMs > 0) await systemRuntime.sleep(nextKeyMs)
      taken.push(...clients.map((client) => take(client, `contended-${n}`)))
    }
    await Promise.all(taken)
  }
  return { acquireP99: percentile(acquires, 0.99), releaseP99: percentile(releases, 0.99) }
}
