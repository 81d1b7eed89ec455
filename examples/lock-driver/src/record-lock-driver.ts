import type { LockDriver, LockRelease, LockRenewal } from '@escapement/core'

/** A store that keeps texts, and writes one only if nobody else has written it since it was read. */
export interface RecordStore {
  /** `text` is null where nothing was written yet. `nowMs` is the store's clock, Unix milliseconds. */
  read(key: string): Promise<{ readonly text: string | null; readonly version: string; readonly nowMs: number }>
  /** Answers false, and writes nothing, when the version is another one by now. */
  write(key: string, text: string, version: string): Promise<boolean>
}

/** What stands under a key. It is never removed, since the next fence must be greater. */
interface LockRecord {
  readonly owner: string
  /** Decimal, since JSON has no bigint. */
  readonly fence: string
  /** By the store's clock. */
  readonly expiresAt: number
}

const NOBODY: LockRecord = { owner: '', fence: '0', expiresAt: 0 }

/** Locks in a {@link RecordStore}. */
export function recordLockDriver(store: RecordStore): LockDriver {
  /**
   * One atomic step: reads the record, and puts what `change` makes of it in its place. When somebody else came between,
   * all is judged anew. Null: there is nothing to change.
   */
  async function step(
    key: string,
    change: (held: LockRecord, nowMs: number) => LockRecord | null,
  ): Promise<{ readonly before: LockRecord; readonly after: LockRecord | null; readonly nowMs: number }> {
    for (;;) {
      const { text, version, nowMs } = await store.read(key)
      const before = text === null ? NOBODY : (JSON.parse(text) as LockRecord)
      const after = change(before, nowMs)
      if (after === null || (await store.write(key, JSON.stringify(after), version))) return { before, after, nowMs }
    }
  }

  /** Lets what lives under the same owner and fence end `inMs` from now; answers whether there was such a lease. */
  async function end({ key, owner, fence }: LockRelease | LockRenewal, inMs: number): Promise<boolean> {
    const { after } = await step(key, (held, nowMs) => {
      const isIts = held.owner === owner && held.expiresAt > nowMs && (fence === null || held.fence === String(fence))
      return isIts ? { ...held, expiresAt: nowMs + inMs } : null
    })
    return after !== null
  }

  return {
    minTtlMs: 100,
    maxTtlMs: 86_400_000,
    tryAcquire: async ({ key, owner, ttlMs }) => {
      const { before, after, nowMs } = await step(key, (held, now) =>
        held.expiresAt > now ? null : { owner, fence: nextFence(held.fence, now), expiresAt: now + ttlMs },
      )
      if (after !== null) return { isGranted: true, fence: BigInt(after.fence), ttlMs }
      const leftMs = before.expiresAt - nowMs
      if (before.owner !== owner) return { isGranted: false, heldForMs: leftMs }
      return { isGranted: true, fence: BigInt(before.fence), ttlMs: leftMs } // its answer was lost
    },
    renewMany: (renewals) =>
      Promise.all(renewals.map(async (renewal) => ((await end(renewal, renewal.ttlMs)) ? 'renewed' : 'not-held'))),
    release: (release) => end(release, 0),
    close: async () => undefined,
  }
}

/** Greater than the last one, and greater than all before when the store has lost its data: at least the time in µs. */
function nextFence(last: string, nowMs: number): string {
  const counted = BigInt(last) + 1n
  const clock = BigInt(Math.floor(nowMs * 1_000))
  return String(counted > clock ? counted : clock)
}
