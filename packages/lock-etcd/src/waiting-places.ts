import type { Runtime } from '@escapement/base'
import { type LockRequest, type ReleaseWait, Stopwatch } from '@escapement/core'
import type { Epoch } from './epoch.ts'
import type { DeletionWatch, EtcdServer, KeyState } from './etcd-server.ts'
import type { LeaseEnds } from './lease-ends.ts'
import type { LockKeys } from './lock-keys.ts'
import { type Ahead, Place, type TakenPlace } from './place.ts'
import type { Quarantine } from './quarantine.ts'

/** Why a pause ended before its time. Given, since an abort without a reason makes an error with its stack. */
const OVER = 'over'

/** What a look from a place in the queue has found. */
interface PlaceLook {
  /** Null: the place is the first. */
  readonly ahead: Ahead | null
  readonly own: KeyState | null
  /** Null: the store began anew. */
  readonly epoch: bigint | null
}

/** What places are made with. */
export interface WaitingPlacesSettings {
  readonly keys: LockKeys
  readonly ends: LeaseEnds
  readonly epoch: Epoch
  readonly quarantine: Quarantine
  readonly runtime: Runtime
}

/** The places of those who wait through this driver, each under a lease of its own, which is renewed while they wait. */
export class WaitingPlaces {
  readonly #server: EtcdServer
  readonly #keys: LockKeys
  readonly #ends: LeaseEnds
  readonly #epoch: Epoch
  readonly #quarantine: Quarantine
  readonly #runtime: Runtime
  readonly #places = new Map<string, Promise<Place>>()

  constructor(server: EtcdServer, { keys, ends, epoch, quarantine, runtime }: WaitingPlacesSettings) {
    this.#server = server
    this.#keys = keys
    this.#ends = ends
    this.#epoch = epoch
    this.#quarantine = quarantine
    this.#runtime = runtime
  }

  /** The place that `owner` has or is taking; undefined: none, or nobody knows whether it was taken. */
  async find(owner: string): Promise<Place | undefined> {
    return this.#places.get(owner)?.catch(() => undefined)
  }

  /** `owner` has taken a place. */
  add(owner: string, taken: TakenPlace): void {
    this.#places.set(owner, Promise.resolve(this.#place(taken)))
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
    const known = place.takeAhead()
    const ahead = known === undefined ? (await this.look(place)).ahead : known
    if (ahead === null || wait.signal.aborted) return
    const watch = this.#server.watchDeletion(ahead.key, ahead.seenAt)
    try {
      await this.#waitThere(place, watch, wait)
    } finally {
      watch.end()
    }
  }

  /** Looks who is next ahead of a place, and whether the place is still there. */
  async look(place: Place): Promise<PlaceLook> {
    const { keys, revision } = await this.#server.transact({
      success: [
        { kind: 'next-older', prefix: this.#keys.queue(place.key), revision: place.revision },
        { kind: 'get', key: place.name },
        this.#epoch.reading,
        ...this.#quarantine.reading,
      ],
    })
    const [older = null, own = null, epoch = null, closed = null] = keys
    const state = older ?? closed
    const ahead = state && { key: state.key, seenAt: revision }
    place.see(ahead)
    return { ahead, own, epoch: this.#epoch.see(epoch) }
  }

  /** Gives up all places. */
  async close(): Promise<void> {
    const places = await Promise.all([...this.#places.keys()].map((owner) => this.find(owner)))
    this.#places.clear()
    for (const place of places) if (place !== undefined) this.#ends.end(place.lease)
  }

  async #takeOrKeep(request: LockRequest): Promise<Place> {
    const known = await this.find(request.owner)
    if (known !== undefined && (await known.keep())) return known
    const taking = this.#take(request)
    this.#places.set(request.owner, taking)
    taking.catch(() => this.forget(request.owner))
    return taking
  }

  async #take({ key, owner, ttlMs }: LockRequest): Promise<Place> {
    const name = this.#keys.place(key, owner)
    const sent = new Stopwatch(this.#runtime)
    const lease = await this.#server.grant(Math.ceil(ttlMs / 1_000))
    const { held, revision, keys } = await this.#server.transact({
      conditions: [{ kind: 'absent', key: name }],
      success: [{ kind: 'put', key: name, value: '', lease: lease.id }],
      failure: [{ kind: 'get', key: name }],
    })
    const earlier = keys[0] ?? null
    const taken = { name, key, lease, sent, revision }
    if (held || earlier === null) return this.#place(taken)
    const found = this.#place({ ...taken, revision: earlier.createRevision, lease: { ...lease, id: earlier.lease } })
    if (earlier.lease === lease.id) return found
    // Taken by a request whose answer was lost, nobody knows when.
    this.#ends.end(lease.id)
    return (await found.renew()) ? found : this.#take({ key, owner, ttlMs })
  }

  #place(taken: TakenPlace): Place {
    return new Place(this.#server, this.#runtime, taken)
  }

  async #waitThere(place: Place, watch: DeletionWatch, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    const clock = this.#runtime
    const until = clock.monotonic() + timeoutMs
    const over = watch.over.then(() => true)
    over.catch(() => undefined) // also when it fails while nobody looks: by its own end
    for (let leftMs = timeoutMs; leftMs > 0 && !signal.aborted; leftMs = until - clock.monotonic()) {
      const pause = new AbortController()
      const stop = (): void => pause.abort(OVER)
      signal.addEventListener('abort', stop)
      const paused = clock.sleep(Math.min(leftMs, Math.max(0, place.dueMs())), pause.signal, {
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
        pause.abort(OVER)
      }
      if (!signal.aborted && !(await place.keep())) return
    }
  }
}
