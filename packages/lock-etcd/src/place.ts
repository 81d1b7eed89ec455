import { Stopwatch } from '@escapement/core'
import type { Runtime } from '@escapement/base'
import type { EtcdLease, EtcdServer } from './etcd-server.ts'

/** What a place waits for the end of: the key that is next before its own, or that of quarantine. */
export interface Ahead {
  readonly key: Buffer
  /** The revision at which it was there. */
  readonly seenAt: bigint
}

/** How a place was taken. */
export interface TakenPlace {
  /** The key of its owner. */
  readonly name: Buffer
  /** What is waited for. */
  readonly key: string
  readonly lease: EtcdLease
  /** Started before the lease was asked for. */
  readonly sent: Stopwatch
  /** The revision at which it was taken. Whoever has the least of a queue has the key. */
  readonly revision: bigint
  /** What was found ahead of it then; undefined: nobody has looked. */
  readonly ahead?: Ahead | null | undefined
}

/** The place of one owner in the queue for a key, under a lease that is renewed at a third of its length. */
export class Place {
  readonly name: Buffer
  readonly key: string
  readonly lease: string
  readonly revision: bigint
  readonly #server: EtcdServer
  readonly #runtime: Runtime
  /** The server keeps the lease for at least `#grantedMs` from the start of `#sent`. */
  #sent: Stopwatch
  #grantedMs: number
  #ahead: Ahead | null | undefined

  constructor(server: EtcdServer, runtime: Runtime, { name, key, lease, sent, revision, ahead }: TakenPlace) {
    this.#server = server
    this.#runtime = runtime
    this.name = name
    this.key = key
    this.lease = lease.id
    this.revision = revision
    this.#sent = sent
    this.#grantedMs = lease.ttlMs
    this.#ahead = ahead
  }

  /** How long the lease lives at least, milliseconds. */
  leftMs(): number {
    return Math.max(0, this.#grantedMs - this.#sent.elapsedMs())
  }

  /** In how long the lease is to be renewed if the place is still waited in then, milliseconds. */
  dueMs(): number {
    return this.#grantedMs / 3 - this.#sent.elapsedMs()
  }

  /** Renews the lease if it is time to; answers false when it has ended. */
  async keep(): Promise<boolean> {
    return this.dueMs() > 0 || this.renew()
  }

  /** Renews the lease; answers false when it has ended. */
  async renew(): Promise<boolean> {
    const sent = new Stopwatch(this.#runtime)
    const [leftMs = 0] = await this.#server.renew([this.lease])
    if (leftMs === 0) return false
    this.#sent = sent
    this.#grantedMs = leftMs
    return true
  }

  /** What the last look at the queue has found ahead. */
  see(ahead: Ahead | null): void {
    this.#ahead = ahead
  }

  /** What is to be waited for, once: who has waited for it has to look again. */
  takeAhead(): Ahead | null | undefined {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead
  }
}
