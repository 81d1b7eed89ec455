import type { LockRelease, LockRenewal, LockRequest, ReleaseWait, RenewalOutcome } from '@escapement/core'
import { listOf } from '../connection/redis-server.ts'
import type { RedisLockDriver } from '../lock-driver.ts'
import type { LockNames } from '../lock-names.ts'
import type { LuaScript } from '../script/lua-script.ts'
import { MOVE, PROPOSE, RAISE, RECALL, TEACH } from '../script/quorum-scripts.ts'

/** A server that has lost its data, or is new. It takes no part. */
export interface EmptyServer {
  readonly kind: 'empty'
  /** Names this loss, and no other one. */
  readonly born: string
  /** How long ago it was first seen so, milliseconds. */
  readonly forMs: number
}

/** What one server says to a request for a lock. */
export type Vote =
  | { readonly kind: 'granted'; readonly fence: bigint; readonly leftMs: number }
  | { readonly kind: 'refused'; readonly leftMs: number }

/** One register that is to be moved, under an id of its own. */
export interface Move {
  readonly id: string
  readonly key: string
  readonly value: number
}

/** What one server says to moves, by their ids: '' moved, '>' overtaken, else the id that has moved it there. */
export interface Moved {
  readonly kind: 'moved'
  readonly by: ReadonlyMap<string, string>
}

/** All that one server knows. */
export interface ServerMemory {
  readonly kind: 'memory'
  readonly high: bigint
  /** By name, as they are kept. */
  readonly registers: ReadonlyMap<string, string>
}

/** One of the servers of a quorum. */
export class QuorumServer {
  /** Its place among all, from 1. */
  readonly place: number
  /** What it has said last, if that is that it has lost its data. */
  emptiness: EmptyServer | null = null
  /** Whether it has not answered when it was asked last. */
  isSilent = false
  readonly #locks: RedisLockDriver
  readonly #names: LockNames

  constructor(place: number, locks: RedisLockDriver, names: LockNames) {
    this.place = place
    this.#locks = locks
    this.#names = names
  }

  /**
   * Asks for a lock there.
   *
   * @param fence - What another server has proposed; null: the server's time.
   * @param givenBack - The greatest fence that this owner has given back; a release of it may be on its way.
   */
  async propose(
    { key, owner, ttlMs }: LockRequest,
    fence: bigint | null,
    givenBack: bigint,
  ): Promise<Vote | EmptyServer> {
    const values = [owner, String(ttlMs), fence === null ? '' : String(fence), String(givenBack)]
    const reply = await this.#ask(PROPOSE, this.#names.lock(key), values)
    if (!Array.isArray(reply)) return reply
    const [verdict, given, leftMs] = reply
    if (Number(verdict) === 0) return { kind: 'refused', leftMs: Number(leftMs) }
    return { kind: 'granted', fence: BigInt(String(given)), leftMs: Number(leftMs) }
  }

  /** Makes the fence of a lock greater. Answers what is left of it in ms, or null when the owner has it not. */
  async raise({ key, owner }: LockRequest, fence: bigint): Promise<number | null> {
    const keys = [this.#names.memory, this.#names.lock(key)]
    const [isRaised, leftMs] = listOf(await this.#run(RAISE, keys, [owner, String(fence)]))
    return Number(isRaised) === 1 ? Number(leftMs) : null
  }

  async move(moves: readonly Move[]): Promise<Moved | EmptyServer> {
    const values = moves.flatMap(({ id, key, value }) => [key, String(value), id])
    const reply = await this.#ask(MOVE, this.#names.registers, [moves[0]?.id ?? '', ...values])
    if (!Array.isArray(reply)) return reply
    const answers = listOf(reply[1])
    return { kind: 'moved', by: new Map(moves.map(({ id }, index) => [id, String(answers[index])])) }
  }

  /** Whether it has not taken part when it was asked last: the others are asked before it. */
  get isBehind(): boolean {
    return this.isSilent || this.emptiness !== null
  }

  /** What it knows, or the name of its loss. */
  async recall(): Promise<ServerMemory | { readonly kind: 'empty'; readonly born: string }> {
    const reply = listOf(await this.#run(RECALL, [this.#names.memory, this.#names.registers], []))
    const [verdict, first, registers] = reply
    if (Number(verdict) === 2) return { kind: 'empty', born: String(first) }
    const flat = listOf(registers).map(String)
    const pairs = flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as const] : []))
    return { kind: 'memory', high: BigInt(String(first)), registers: new Map(pairs) }
  }

  /** Gives it back what it has lost. Answers whether it was still as empty as it had said. */
  async teach(born: string, { high, registers }: ServerMemory): Promise<boolean> {
    const keys = [this.#names.memory, this.#names.registers]
    const isTaught = Number(await this.#run(TEACH, keys, [born, String(high), ...[...registers].flat()])) === 1
    this.emptiness = null
    return isTaught
  }

  renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    return this.#heard(this.#locks.renewMany(renewals))
  }

  release(release: LockRelease): Promise<boolean> {
    return this.#heard(this.#locks.release(release))
  }

  waitForRelease(request: LockRequest, wait: ReleaseWait): Promise<void> {
    return this.#locks.waitForRelease(request, wait)
  }

  now(): Promise<number> {
    return this.#heard(this.#locks.now())
  }

  close(): Promise<void> {
    return this.#locks.close()
  }

  /** For scripts that a server without its data answers otherwise. */
  async #ask(script: LuaScript, key: string, values: readonly string[]): Promise<unknown[] | EmptyServer> {
    const [verdict, ...others] = listOf(await this.#run(script, [this.#names.memory, key], values))
    this.emptiness = Number(verdict) === 2 ? { kind: 'empty', born: String(others[0]), forMs: Number(others[1]) } : null
    return this.emptiness ?? [verdict, ...others]
  }

  #run(script: LuaScript, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    return this.#heard(this.#locks.server.run(script, keys, values))
  }

  async #heard<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      const heard = await answer
      this.isSilent = false
      return heard
    } catch (error) {
      this.isSilent = true
      throw error
    }
  }
}
