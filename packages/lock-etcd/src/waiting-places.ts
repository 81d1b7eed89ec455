import type { Runtime } from '@escapement/base'
import type { LockRequest, ReleaseWait } from '@escapement/core'
import type { DeletionWatch, EtcdLease, EtcdServer } from './etcd-server.ts'
import type { LeaseEnds } from './lease-ends.ts'
import type { LockKeys } from './lock-keys.ts'
import type { Quarantine } from './quarantine.ts'

/** The place of one owner in the queue for a key. */
export interface Place {
  readonly key: string
  readonly lease: EtcdLease
  /** The revision at which it was taken. Whoever has the least of a queue has the key. */
  readonly revision: bigint
  /** When its lease is to be renewed, if it is still waited in then: an instant of the monotonic clock, milliseconds. */
  renewAt: number
}

/** What places are made with. */
export interface WaitingPlacesSettings {
  readonly keys: LockKeys
  readonly ends: LeaseEnds
  readonly quarantine: Quarantine
  readonly runtime: Runtime
}

/** The places of those who wait through this driver, each under a lease of its own, which is renewed while they wait. */
export class WaitingPlaces {
  readonly #server: EtcdServer
  readonly #keys: LockKeys
  readonly #ends: LeaseEnds
  readonly #quarantine: Quarantine
  readonly #runtime: Runtime
  readonly #places = new Map<string, Promise<Place>>()

  constructor(server: EtcdServer, { keys, ends, quarantine, runtime }: WaitingPlacesSettings) {
    this.#server = server
    this.#keys = keys
    this.#ends = ends
    this.#quarantine = quarantine
    this.#runtime = runtime
  }

  /** The place that `owner` has or is taking; undefined: none, or nobody knows whether it was taken. */
  async find(owner: string): Promise<Place | undefined> {
    return this.#places.get(owner)?.catch(() => undefined)
  }

  /** The place that `owner` has taken with `lease` at `revision`. */
  add({ key, owner }: LockRequest, lease: EtcdLease, revision: bigint): void {
    this.#places.set(owner, Promise.resolve(this.#place(key, lease, revision)))
  }

  /** The place is no longer waited in. */
  forget(owner: string): void {
    this.#places.delete(owner)
  }

  /**
   * Waits in the queue until who is next ahead has gone, or quarantine is over; resolves early when there is nothing of that, or
   * the server ends the watch.
   */
  async wait(request: LockRequest, wait: ReleaseWait): Promise<void> {
    const place = await this.#takeOrKeep(request)
    const { keys, revision } = await this.#server.transact({
      success: [
        { kind: 'next-older', prefix: this.#keys.queue(request.key), revision: place.revision },
        ...this.#quarantine.reading,
      ],
    })
    const ahead = keys[0] ?? keys[1] ?? null
    if (ahead === null || wait.signal.aborted) return
    const watch = this.#server.watchDeletion(ahead.key, revision)
    try {
      await this.#waitThere(place, watch, wait)
    } finally {
      watch.end()
    }
  }

  /** Gives up all places. */
  async close(): Promise<void> {
    const places = await Promise.all([...this.#places.keys()].map((owner) => this.find(owner)))
    this.#places.clear()
    for (const place of places) if (place !== undefined) this.#ends.end(place.lease.id)
  }

  async #takeOrKeep(request: LockRequest): Promise<Place> {
    const known = await this.find(request.owner)
    if (known !== undefined && (await this.#keep(known))) return known
    const taking = this.#take(request)
    this.#places.set(request.owner, taking)
    taking.catch(() => this.forget(request.owner))
    return taking
  }

  async #take({ key, owner, ttlMs }: LockRequest): Promise<Place> {
    const place = this.#keys.place(key, owner)
    const lease = await this.#server.grant(Math.ceil(ttlMs / 1_000))
    const { held, revision, keys } = await this.#server.transact({
      conditions: [{ kind: 'absent', key: place }],
      success: [{ kind: 'put', key: place, value: '', lease: lease.id }],
      failure: [{ kind: 'get', key: place }],
    })
    const earlier = keys[0] ?? null
    if (held || earlier === null || earlier.lease === lease.id) return this.#place(key, lease, revision)
    // Taken by a request whose answer was lost.
    this.#ends.end(lease.id)
    const { lease: id, createRevision } = earlier
    return this.#place(key, { id, ttlMs: lease.ttlMs }, createRevision)
  }

  #place(key: string, lease: EtcdLease, revision: bigint): Place {
    return { key, lease, revision, renewAt: this.#runtime.monotonic() + lease.ttlMs / 3 }
  }

  /** Renews the lease if it is time to; answers false when it has ended. */
  async #keep(place: Place): Promise<boolean> {
    const now = this.#runtime.monotonic()
    if (now < place.renewAt) return true
    const [leftMs = 0] = await this.#server.renew([place.lease.id])
    place.renewAt = now + leftMs / 3
    return leftMs > 0
  }

  async #waitThere(place: Place, watch: DeletionWatch, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    const clock = this.#runtime
    const until = clock.monotonic() + timeoutMs
    const over = watch.over.then(() => true)
    over.catch(() => undefined) // also when it fails while nobody looks: by its own end
    for (let leftMs = timeoutMs; leftMs > 0 && !signal.aborted; leftMs = until - clock.monotonic()) {
      const pause = new AbortController()
      const stop = (): void => pause.abort()
      signal.addEventListener('abort', stop)
      const paused = clock.sleep(Math.min(leftMs, place.renewAt - clock.monotonic()), pause.signal, {
        keepAlive: false,
      })
      try {
        if (
          await Promise.race([
            over,
            paused.then(
              () => false,
              () => false,
            ),
          ])
        )
          return
      } finally {
        signal.removeEventListener('abort', stop)
        pause.abort()
      }
      if (!signal.aborted && !(await this.#keep(place))) return
    }
  }
}
