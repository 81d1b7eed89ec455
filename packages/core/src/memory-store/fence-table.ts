/** Counters idle for longer than this may go: the server's time has passed them. Milliseconds (rule 16). */
const IDLE_MS = 86_400_000

/** Fences of jobs and concurrency keys. */
export class FenceTable {
  /** In the order in which they were raised. */
  readonly #fences = new Map<string, { fence: bigint; raisedAt: number }>()

  /** A fence for `key` that is greater than any before. */
  raise(key: string, now: number): bigint {
    const fence = nextFence(this.#fences.get(key)?.fence ?? 0n, now)
    this.#fences.delete(key)
    this.#fences.set(key, { fence, raisedAt: now })
    return fence
  }

  /** Forgets counters that the time has passed. */
  prune(now: number): void {
    for (const [key, { raisedAt }] of this.#fences) {
      if (raisedAt > now - IDLE_MS) return
      this.#fences.delete(key)
    }
  }
}

/** max(counter + 1, time in microseconds): it grows also when a counter was forgotten. */
export function nextFence(fence: bigint, now: number): bigint {
  const micros = BigInt(now) * 1_000n
  return fence < micros ? micros : fence + 1n
}
