import type {
  LockDriver,
  LockGrant,
  LockRefusal,
  LockRelease,
  LockRenewal,
  LockRequest,
  RegisterAdvance,
  RenewalOutcome,
} from '@escapement/core'
import { DatabaseUnusableError, integerOf } from '@escapement/db'
import type { ListEntry } from './lock-statements.ts'
import type { LockTable } from './lock-table.ts'

/** How often a key is asked for that was held, and is not any more when it is looked at. */
const MOST_TRIES = 3

interface LockRow {
  readonly is_mine: unknown
  readonly fence: unknown
  readonly left_ms: unknown
}

/**
 * Locks as rows of a table on PostgreSQL, MySQL or MariaDB. Everything is judged by the server's clock, and each step
 * but that of the registers is one statement that commits by itself. The table is made or checked before the first one, and
 * again by the next one after it was found to be missing.
 */
export class ServerLockDriver implements LockDriver {
  readonly minTtlMs = 100
  readonly maxTtlMs = 86_400_000
  readonly #open: () => Promise<LockTable>
  #opening: Promise<LockTable> | undefined

  constructor(open: () => Promise<LockTable>) {
    this.#open = open
  }

  tryAcquire(request: LockRequest): Promise<LockGrant | LockRefusal> {
    return this.on((table) => this.#tryAcquire(table, request))
  }

  renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    return this.on((table) => this.#renewMany(table, renewals))
  }

  release({ key, owner, fence }: LockRelease): Promise<boolean> {
    return this.on(async ({ server, statements, channel }) => {
      return (await server.run(statements.release, { name: key, owner, fence, channel })).affected > 0
    })
  }

  advanceMany(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    return this.on((table) => this.#advanceMany(table, entries))
  }

  now(): Promise<number> {
    return this.on(({ server }) => server.now())
  }

  /** The database is the host's. */
  async close(): Promise<void> {}

  /** Does something on the table. */
  protected async on<T>(work: (table: LockTable) => Promise<T>): Promise<T> {
    const table = await this.#table()
    try {
      return await work(table)
    } catch (error) {
      // A database that was dropped and made anew has no table any more.
      if (error instanceof DatabaseUnusableError) this.#opening = undefined
      throw error
    }
  }

  async #tryAcquire(
    { server, statements }: LockTable,
    { key, owner, ttlMs }: LockRequest,
  ): Promise<LockGrant | LockRefusal> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const taken = await server.run<{ fence: unknown }>(statements.acquire, { name: key, owner, ttl: ttlMs })
      if (taken.affected > 0) {
        return { isGranted: true, fence: BigInt(taken.insertId ?? integerOf(taken.rows[0]?.fence)), ttlMs }
      }
      const [row] = (await server.run<LockRow>(statements.find, { name: key, owner })).rows
      if (row === undefined) {
        await server.run(statements.seed, { list: listOf([{ name: key }]) })
        continue
      }
      const leftMs = integerOf(row.left_ms)
      if (leftMs <= 0) continue // it ended just now
      return integerOf(row.is_mine) === 1
        ? { isGranted: true, fence: BigInt(integerOf(row.fence)), ttlMs: leftMs }
        : { isGranted: false, heldForMs: leftMs }
    }
    return { isGranted: false, heldForMs: null }
  }

  async #renewMany(
    { server, statements }: LockTable,
    renewals: readonly LockRenewal[],
  ): Promise<readonly RenewalOutcome[]> {
    if (renewals.length === 0) return []
    const list = listOf(
      renewals.map(({ key, owner, fence, ttlMs }) => ({ name: key, owner, fence: String(fence), ttl: ttlMs })),
    )
    const { affected } = await server.run(statements.renew, { list })
    if (affected === renewals.length) return renewals.map(() => 'renewed')
    // MySQL cannot say which. Those that live now lived then as well, for an ended lease is never revived.
    const { rows } = await server.run<{ n: unknown }>(statements.live, { list })
    const live = new Set(rows.map(({ n }) => integerOf(n)))
    return renewals.map((_, n) => (live.has(n) ? 'renewed' : 'not-held'))
  }

  async #advanceMany(
    { server, statements }: LockTable,
    entries: readonly RegisterAdvance[],
  ): Promise<readonly boolean[]> {
    if (entries.length === 0) return []
    const names = [...new Set(entries.map(({ key }) => key))]
    const list = listOf(names.map((name) => ({ name })))
    return server.transaction(async (session) => {
      await session.run(statements.seed, { list })
      const { rows } = await session.run<{ n: unknown; register: unknown }>(statements.registers, { list })
      const registers = new Map(rows.map(({ n, register }) => [names[integerOf(n)], registerOf(register)]))
      const moved = new Map<string, number>()
      const answers = entries.map(({ key, value }) => {
        if (value <= (registers.get(key) ?? Number.NEGATIVE_INFINITY)) return false
        registers.set(key, value)
        moved.set(key, value)
        return true
      })
      if (moved.size > 0) {
        const values = Array.from(moved, ([name, value]) => ({ name, value }))
        await session.run(statements.advance, { list: listOf(values) })
      }
      return answers
    })
  }

  #table(): Promise<LockTable> {
    return (this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    }))
  }
}

function listOf(entries: readonly Omit<ListEntry, 'n'>[]): string {
  return JSON.stringify(entries.map((entry, n): ListEntry => ({ n, ...entry })))
}

function registerOf(value: unknown): number {
  return value === null ? Number.NEGATIVE_INFINITY : integerOf(value)
}
