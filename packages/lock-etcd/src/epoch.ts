import type { Runtime } from '@escapement/base'
import type { Condition, EtcdServer, KeyState, Operation } from './etcd-server.ts'
import type { Quarantine } from './quarantine.ts'

/**
 * What fences are counted from: the wall clock in µs when the locks were first used, put once. A fence is the epoch plus
 * the revision at which the holder's key was made. A store that begins anew counts its revisions from 1 again, from a
 * later epoch, so that fences go on growing unless the clock of whoever puts it is behind all that was counted before.
 * Where there is none the store is new or has lost its data, and quarantine begins.
 */
export class Epoch {
  readonly #server: EtcdServer
  readonly #key: Buffer
  readonly #quarantine: Quarantine
  readonly #runtime: Runtime
  #seen: bigint | undefined

  constructor(server: EtcdServer, key: Buffer, quarantine: Quarantine, runtime: Runtime) {
    this.#server = server
    this.#key = key
    this.#quarantine = quarantine
    this.#runtime = runtime
  }

  /** The epoch as it was last seen; puts one where there is none. */
  async value(): Promise<bigint> {
    return (this.#seen ??= await this.#readOrPut())
  }

  /** Holds while the epoch is `value`: a store that began anew has another one, or none. */
  is(value: bigint): Condition {
    return { kind: 'has-value', key: this.#key, value: String(value) }
  }

  /** Reads the epoch, for {@link Epoch.see}. */
  get reading(): Operation {
    return { kind: 'get', key: this.#key }
  }

  /** Hears what {@link Epoch.reading} has read; null: there is no epoch. */
  see(state: KeyState | null | undefined): bigint | null {
    this.#seen = state ? BigInt(state.value) : undefined
    return this.#seen ?? null
  }

  async #readOrPut(): Promise<bigint> {
    const { keys } = await this.#server.transact({ success: [this.reading] })
    return keys[0] ? BigInt(keys[0].value) : this.#put()
  }

  async #put(): Promise<bigint> {
    const value = BigInt(Math.floor(this.#runtime.now() * 1_000))
    const beginning = await this.#quarantine.beginning()
    const { held, keys } = await this.#server.transact({
      conditions: [{ kind: 'absent', key: this.#key }],
      success: [{ kind: 'put', key: this.#key, value: String(value), lease: null }, ...beginning.operations],
      failure: [this.reading, ...this.#quarantine.reading],
    })
    await beginning.settle(held, keys[1] ?? null)
    return held ? value : BigInt(keys[0]?.value ?? value)
  }
}
