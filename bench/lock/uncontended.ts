import { percentile } from '../harness/percentile.ts'
import { type Contender, interleaved, type Outcome } from '../harness/rounds.ts'
import { keyOf, type LockContender, type OpenLock, SEEDED_KEYS } from './lock-contender.ts'

/** Milliseconds for an acquire and its release: one after the other, and all keys at once. */
export type UncontendedFigure = 'p50' | 'p99' | 'at once p50' | 'at once p99'

/** How much is measured. */
export interface UncontendedScale {
  readonly pairs: number
  readonly rounds: number
}

const TTL_MS = 30_000

/** Times those who lock on one backend, in turn. */
export async function measureUncontended(
  contenders: readonly LockContender[],
  place: string,
  { pairs, rounds }: UncontendedScale,
): Promise<ReadonlyMap<string, Outcome<UncontendedFigure>>> {
  await using stack = new AsyncDisposableStack()
  const racing: Contender<UncontendedFigure>[] = []
  for (const contender of contenders) {
    const lock = stack.use(await contender.open(place))
    const run = async (): Promise<Record<UncontendedFigure, number>> => ({
      ...(await oneByOne(lock, pairs)),
      ...(await allAtOnce(lock)),
    })
    await run()
    racing.push({ name: contender.name, run })
  }
  return await interleaved(racing, rounds)
}

async function oneByOne(lock: OpenLock, pairs: number): Promise<Record<'p50' | 'p99', number>> {
  const times: number[] = []
  for (let n = 0; n < pairs; n++) times.push(await pairMs(lock, keyOf(n)))
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

async function allAtOnce(lock: OpenLock): Promise<Record<'at once p50' | 'at once p99', number>> {
  const times = await Promise.all(SEEDED_KEYS.map((key) => pairMs(lock, key)))
  return { 'at once p50': percentile(times, 0.5), 'at once p99': percentile(times, 0.99) }
}

async function pairMs(lock: OpenLock, key: string): Promise<number> {
  const startedAt = performance.now()
  const release = await lock.acquire(key, TTL_MS)
  await release()
  return performance.now() - startedAt
}
