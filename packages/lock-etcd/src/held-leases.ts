/** A grant, and the lease of etcd that its key ends with. */
interface HeldLease {
  readonly key: string
  readonly owner: string
  readonly fence: bigint
  readonly lease: string
}

/** So many grants are remembered. Who never releases what it holds leaves its entry behind. */
const MOST_REMEMBERED = 20_000

/** The leases of what was granted here last, so that a release need not ask for them. */
export class HeldLeases {
  /** By owner: an id that has one grant at a time. The oldest first. */
  readonly #held = new Map<string, HeldLease>()

  add(held: HeldLease): void {
    this.#held.delete(held.owner)
    this.#held.set(held.owner, held)
    if (this.#held.size <= MOST_REMEMBERED) return
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest)
      break
    }
  }

  /** Forgets a grant and answers its lease; undefined: it is not remembered. */
  take(key: string, owner: string, fence: bigint | null): string | undefined {
    const held = this.#held.get(owner)
    if (held === undefined || held.key !== key || (fence !== null && held.fence !== fence)) return undefined
    this.#held.delete(owner)
    return held.lease
  }
}
