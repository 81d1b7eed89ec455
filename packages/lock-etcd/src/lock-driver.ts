import type { Runtime } from '@escapement/base'
import {
  type LockDriver,
  type LockGrant,
  type LockRefusal,
  type LockRelease,
  type LockRenewal,
  type LockRequest,
  type RegisterAdvance,
  type ReleaseWait,
  type RenewalOutcome,
  Stopwatch,
} from '@escapement/core'
import { Epoch } from './epoch.ts'
import type { EtcdServer, KeyState, Operation, Transaction } from './etcd-server.ts'
import { HeldLeases } from './held-leases.ts'
import { LeaseEnds } from './lease-ends.ts'
import type { LockKeys } from './lock-keys.ts'
import type { Ahead, Place } from './place.ts'
import type { Quarantine } from './quarantine.ts'
import { advanceRegisters } from './registers.ts'
import { WaitingPlaces } from './waiting-places.ts'

/** How often a key is asked for whose queue changes, or whose store begins anew, at the same moment. */
const MOST_TRIES = 3
/** The most operations of one transaction: an etcd server takes 128 unless it is told otherwise. */
const LARGEST_READ = 100

/** What a look at the queue for a key has found. */
interface Look {
  /** Who has the key. */
  readonly oldest: KeyState | null
  /** What someone who joins the queue now has to wait for. */
  readonly ahead: Ahead | null
  readonly own: KeyState | null
  /** Null: the store began anew. */
  readonly epoch: bigint | null
  /** In quarantine. */
  readonly isClosed: boolean
}

/** How the locks are kept, with all defaults filled in. */
export interface QueueLockSettings {
  readonly keys: LockKeys
  readonly maxTtlMs: number
  readonly quarantine: Quarantine
  readonly runtime: Runtime
}

/**
 * Locks as queues of keys in etcd, each under a lease of its own: the oldest key of a queue has the lock. Leases are judged by
 * the server's clock. Nothing is kept here that the server does not know, but what saves it a question.
 */
export function queueLockDriver(server: EtcdServer, settings: QueueLockSettings): LockDriver {
  return new QueueLockDriver(server, settings)
}

class QueueLockDriver implements LockDriver {
  /** etcd counts leases in seconds. It grants more than is asked for where its elections take longer. */
  readonly minTtlMs = 1_000
  readonly maxTtlMs: number
  readonly #server: EtcdServer
  readonly #keys: LockKeys
  readonly #epoch: Epoch
  readonly #quarantine: Quarantine
  readonly #ends: LeaseEnds
  readonly #runtime: Runtime
  readonly #places: WaitingPlaces
  readonly #held = new HeldLeases()

  constructor(server: EtcdServer, { keys, maxTtlMs, quarantine, runtime }: QueueLockSettings) {
    this.maxTtlMs = maxTtlMs
    this.#server = server
    this.#keys = keys
    this.#quarantine = quarantine
    this.#epoch = new Epoch(server, keys.epoch, quarantine, runtime)
    this.#ends = new LeaseEnds(server)
    this.#runtime = runtime
    this.#places = new WaitingPlaces(server, { keys, ends: this.#ends, epoch: this.#epoch, quarantine, runtime })
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | LockRefusal> {
    const place = await this.#places.find(request.owner)
    if (place === undefined) return this.#ask(request)
    const answer = await this.#askFrom(place, request)
    if (answer !== null) return answer
    this.#places.forget(request.owner)
    return this.#ask(request)
  }

  async renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    const found = (await Promise.all(chunks(renewals).map((chunk) => this.#find(chunk)))).flat()
    const leases = found.filter((state) => state !== null).map(({ lease }) => lease)
    const lives = await this.#server.renew(leases)
    let next = 0
    const leftMs = found.map((state) => (state === null ? 0 : (lives[next++] ?? 0)))
    return Promise.all(
      renewals.map((renewal, index) => this.#outcome(renewal, found[index] ?? null, leftMs[index] ?? 0)),
    )
  }

  async release({ key, owner, fence }: LockRelease): Promise<boolean> {
    // What is still being taken has to be there before it can be given up.
    await this.#places.find(owner)
    this.#places.forget(owner)
    const known = this.#held.take(key, owner, fence)
    if (known !== undefined) return this.#server.revoke(known)
    const place = this.#keys.place(key, owner)
    const epoch = await this.#epoch.value()
    const { held, keys } = await this.#server.transact({
      conditions:
        fence === null
          ? [{ kind: 'present', key: place }]
          : [{ kind: 'made-at', key: place, revision: fence - epoch }, this.#epoch.is(epoch)],
      success: [{ kind: 'delete', key: place }],
      failure: [this.#epoch.reading],
    })
    if (held && keys[0]) this.#ends.end(keys[0].lease)
    if (!held) this.#epoch.see(keys[0])
    return held
  }

  async waitForRelease(request: LockRequest, wait: ReleaseWait): Promise<void> {
    await this.#places.wait(request, wait)
  }

  async advanceMany(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    return advanceRegisters(this.#server, this.#keys, entries)
  }

  async close(): Promise<void> {
    await this.#places.close()
    await this.#ends.settled()
  }

  /** Asks for a key whose queue the owner does not stand in, as far as is known here. */
  async #ask(request: LockRequest): Promise<LockGrant | LockRefusal> {
    const { key, owner, ttlMs, waits = false } = request
    const name = this.#keys.place(key, owner)
    const sent = new Stopwatch(this.#runtime)
    const lease = await this.#server.grant(Math.ceil(ttlMs / 1_000))
    const put: Operation = { kind: 'put', key: name, value: '', lease: lease.id }
    const joining: Transaction = { conditions: [{ kind: 'absent', key: name }], success: [put] }
    const join: Operation = { kind: 'transact', transaction: joining }
    let hasJoined = false
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const epoch = await this.#epoch.value()
      const { held, revision, keys, nested } = await this.#server.transact({
        conditions: [
          { kind: 'none-under', prefix: this.#keys.queue(key) },
          this.#epoch.is(epoch),
          ...this.#quarantine.isOver,
        ],
        success: [put],
        failure: [...this.#looking(key, owner), ...(waits ? [join] : [])],
      })
      if (held) return this.#granted(key, owner, epoch + revision, lease.id, lease.ttlMs)
      const look = this.#seen(keys, revision)
      const hasJoinedNow = nested.at(-1) === true
      // The client may have repeated the transaction by itself: the queue was joined before this look at it then.
      const joinedAt = hasJoinedNow ? revision : look.own?.lease === lease.id ? look.own.createRevision : null
      if (waits && joinedAt !== null) {
        hasJoined = true
        const ahead = hasJoinedNow ? look.ahead : undefined
        this.#places.add(owner, { name, key, lease, sent, revision: joinedAt, ahead })
      }
      if (look.isClosed) break
      if (look.oldest === null || look.epoch === null) continue // only the epoch was another one
      if (look.own === null || !look.own.key.equals(look.oldest.key)) break
      const fence = look.epoch + look.own.createRevision
      // The client has repeated the transaction by itself, or an earlier request was granted.
      if (look.own.lease === lease.id) return this.#granted(key, owner, fence, lease.id, lease.ttlMs)
      this.#ends.end(lease.id)
      return this.#granted(key, owner, fence, look.own.lease, await this.#server.leftMs(look.own.lease))
    }
    if (!hasJoined) this.#ends.end(lease.id)
    return { isGranted: false, heldForMs: null }
  }

  /**
   * Looks whether the place in the queue has become the first, which is all that stands between a release and the next
   * grant: the wait may have outlived the place's lease, so its key is read again, and who was ahead may have given up
   * behind others, so the queue is. How long the lease lives need not be asked: it was renewed while it was waited in,
   * and is counted from before that. Null: the place is gone.
   */
  async #askFrom(place: Place, { key, owner, renews = false }: LockRequest): Promise<LockGrant | LockRefusal | null> {
    const [isKept, { ahead, own, epoch }] = await Promise.all([
      renews ? place.keep() : place.renew(),
      this.#places.look(place),
    ])
    if (!isKept || own === null || epoch === null) return null
    if (ahead !== null) return { isGranted: false, heldForMs: null }
    return this.#granted(key, owner, epoch + own.createRevision, own.lease, place.leftMs())
  }

  #granted(key: string, owner: string, fence: bigint, lease: string, ttlMs: number): LockGrant {
    this.#places.forget(owner)
    this.#held.add({ key, owner, fence, lease })
    return { isGranted: true, fence, ttlMs }
  }

  #looking(key: string, owner: string): Operation[] {
    const prefix = this.#keys.queue(key)
    return [
      { kind: 'oldest', prefix },
      { kind: 'youngest', prefix },
      { kind: 'get', key: this.#keys.place(key, owner) },
      this.#epoch.reading,
      ...this.#quarantine.reading,
    ]
  }

  #seen(
    [oldest = null, youngest = null, own = null, epoch = null, closed = null]: readonly (KeyState | null)[],
    seenAt: bigint,
  ): Look {
    const ahead = youngest ?? closed
    return {
      oldest,
      ahead: ahead && { key: ahead.key, seenAt },
      own,
      epoch: this.#epoch.see(epoch),
      isClosed: closed !== null,
    }
  }

  /** The keys of the holders; null for one that is not there any more or is another's. */
  async #find(renewals: readonly LockRenewal[]): Promise<(KeyState | null)[]> {
    const reading = renewals.map(({ key, owner }): Operation => ({ kind: 'get', key: this.#keys.place(key, owner) }))
    const { keys } = await this.#server.transact({ success: [this.#epoch.reading, ...reading] })
    const epoch = this.#epoch.see(keys[0])
    return renewals.map(({ fence }, index) => {
      const state = keys[index + 1] ?? null
      return state !== null && epoch !== null && epoch + state.createRevision === fence ? state : null
    })
  }

  async #outcome(renewal: LockRenewal, state: KeyState | null, leftMs: number): Promise<RenewalOutcome> {
    if (state === null || leftMs === 0) return 'not-held'
    return leftMs >= renewal.ttlMs ? 'renewed' : this.#lengthen(renewal, state)
  }

  /** A lease of etcd has one length: for a longer one the key moves to another lease. It stays as old as it is. */
  async #lengthen({ key, owner, fence, ttlMs }: LockRenewal, state: KeyState): Promise<RenewalOutcome> {
    const lease = await this.#server.grant(Math.ceil(ttlMs / 1_000))
    const { held } = await this.#server.transact({
      conditions: [
        { kind: 'made-at', key: state.key, revision: state.createRevision },
        { kind: 'ends-with', key: state.key, lease: state.lease },
      ],
      success: [{ kind: 'put', key: state.key, value: '', lease: lease.id }],
    })
    this.#ends.end(held ? state.lease : lease.id)
    if (!held) return 'unknown' // another renewal, or the release, came between
    this.#held.add({ key, owner, fence, lease: lease.id })
    return lease.ttlMs >= ttlMs ? 'renewed' : 'unknown'
  }
}

function chunks(renewals: readonly LockRenewal[]): (readonly LockRenewal[])[] {
  const count = Math.ceil(renewals.length / LARGEST_READ)
  return Array.from({ length: count }, (_, index) => renewals.slice(index * LARGEST_READ, (index + 1) * LARGEST_READ))
}
