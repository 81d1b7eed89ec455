import { type Runtime, systemRuntime } from '@escapement/base'
import type { LockDriver } from '@escapement/core'
import { redisQuorumLockDriver } from '@escapement/lock-redis'
import { silentLogger } from '@escapement/testkit'
import type { OpenClient } from '../clients.ts'
import { type HeldCommand, HeldCommands, settled } from './held-commands.ts'

const CLIENTS = 3
/** Longer than any lease, and than any attempt is trusted. */
const LONG_MS = 120_000
const TTL_MS = 60_000

/** A grant as its owner saw it: places in the order of all that happened. */
export interface Grant {
  readonly owner: string
  readonly fence: bigint
  readonly askedAt: number
  readonly grantedAt: number
  /** When it began to give it back. */
  endedAt: number
}

/** What came of a run. */
export interface Happened {
  readonly grants: readonly Grant[]
  /** When a server lost its data, or all leases ended. */
  readonly breaks: readonly number[]
  /** By value, how often somebody was told that it moved the register there. */
  readonly moved: ReadonlyMap<number, number>
}

/** Clients of three servers, whose commands arrive, get lost and come late as a list of numbers says. */
export class Chaos {
  readonly #servers: readonly OpenClient[]
  readonly #prefix: string
  readonly #commands = new HeldCommands()
  readonly #late: (() => Promise<void>)[] = []
  readonly #grants: Grant[] = []
  readonly #breaks: number[] = []
  readonly #moved = new Map<number, number>()
  #elapsedMs = 0
  /** The server that is not to be reached. */
  #away: number | null = null
  #order = 0

  constructor(servers: readonly OpenClient[], prefix: string) {
    this.#servers = servers
    this.#prefix = prefix
  }

  /** Lets all clients take the lock `rounds` times each, and move a register, while `choices` last; then all goes well. */
  async run(choices: readonly number[], rounds: number): Promise<Happened> {
    // As after fences that came from clocks which were ahead.
    const clocks = [0, 3_600_000_000, 60_000_000]
    for (const [index, { command }] of this.#servers.entries()) {
      const high = Date.now() * 1_000 + (clocks[index] ?? 0)
      await command('HSET', `${this.#prefix}memory`, 'high', String(high))
    }
    const open = new Set(Array.from({ length: CLIENTS }, (_, client) => `client-${client}`))
    for (const client of open) void this.#use(client, rounds).then(() => open.delete(client))
    const left = [...choices]
    while (open.size > 0) {
      await settled()
      if (left.length === 0) this.#away = null
      await this.#next(left.shift() ?? 0)
    }
    return { grants: this.#grants, breaks: this.#breaks, moved: this.#moved }
  }

  async #use(name: string, rounds: number): Promise<void> {
    const runtime: Runtime = {
      ...systemRuntime,
      now: () => systemRuntime.now() + this.#elapsedMs,
      monotonic: () => systemRuntime.monotonic() + this.#elapsedMs,
      random: () => 0,
    }
    const driver = redisQuorumLockDriver(
      this.#servers.map((server, index) => this.#commands.client(name, index, server)),
      { prefix: this.#prefix, runtime, logger: silentLogger },
    )
    for (let round = 0; round < rounds; round++) {
      await this.#take(driver, `${name}.${round}`)
      await this.#move(driver, round)
    }
    await driver.close()
  }

  /** As a manager does: asks again under the same owner when the answer is lost, and gives back what it may have. */
  async #take(driver: LockDriver, owner: string): Promise<void> {
    const request = { key: 'key', owner, ttlMs: TTL_MS }
    let fence: bigint | null = null
    for (let tries = 0; tries < 3 && fence === null; tries++) {
      const askedAt = this.#order++
      const answer = await driver.tryAcquire(request).catch(() => null)
      if (answer?.isGranted !== true) continue
      fence = answer.fence
      const grant = { owner, fence, askedAt, grantedAt: this.#order++, endedAt: Number.POSITIVE_INFINITY }
      this.#grants.push(grant)
      await driver.renewMany([{ ...request, fence }]).catch(() => undefined)
      grant.endedAt = this.#order++
    }
    await driver.release({ key: 'key', owner, fence }).catch(() => undefined)
  }

  async #move(driver: LockDriver, value: number): Promise<void> {
    const [isMoved] = (await driver.advanceMany?.([{ key: 'register', value }]).catch(() => null)) ?? []
    if (isMoved === true) this.#moved.set(value, (this.#moved.get(value) ?? 0) + 1)
  }

  async #next(choice: number): Promise<void> {
    const which = Math.floor(choice / 100)
    const chance = choice % 100
    if (chance >= 98) return this.#passTime()
    if (chance >= 96) return this.#loseData(which % this.#servers.length)
    if (chance >= 93) return this.#late.shift()?.()
    if (chance >= 86) {
      this.#away = this.#away === null ? which % this.#servers.length : null
      return
    }
    const command = this.#oldest(which)
    if (command === undefined) return
    if (command.to === this.#away) command.loseRequest()
    else if (chance >= 83) this.#late.push(command.loseRequest())
    else if (chance >= 80) await command.loseReply()
    else await command.pass()
  }

  /** The oldest command to one server of one client: those of a connection arrive in order. */
  #oldest(which: number): HeldCommand | undefined {
    const { held } = this.#commands
    const any = held[which % Math.max(1, held.length)]
    return any === undefined ? undefined : this.#commands.take(any.from, any.to)
  }

  /** Only one of them at a time: a majority keeps its data. */
  async #loseData(index: number): Promise<void> {
    const knowing = await Promise.all(
      this.#servers.map(({ command }) => command('HEXISTS', `${this.#prefix}memory`, 'high')),
    )
    if (knowing.some((is) => is !== 1)) return
    this.#breaks.push(this.#order++)
    await this.#servers[index]?.command('FLUSHDB')
  }

  /** All leases end, and servers without data have been so for long. */
  async #passTime(): Promise<void> {
    this.#breaks.push(this.#order++)
    this.#elapsedMs += LONG_MS
    for (const { command } of this.#servers) {
      await command('DEL', `${this.#prefix}{key}:lock`)
      const born = await command('HGET', `${this.#prefix}memory`, 'born')
      if (typeof born !== 'string') continue
      const [at = '', id = ''] = born.split(' ')
      await command('HSET', `${this.#prefix}memory`, 'born', `${Number(at) - LONG_MS * 1_000} ${id}`)
    }
  }
}
