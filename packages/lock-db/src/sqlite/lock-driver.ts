import type { Runtime } from '@escapement/base'
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
import type { StatementRunner } from '../statement-runner.ts'
import { type LockStatements, lockStatements } from './lock-statements.ts'

interface LockRow {
  readonly owner: string | null
  readonly fence: number
  readonly expires_at: number
}

/** Locks as rows of a SQLite table. The server's clock is the host's: `runtime.now()`, passed as a parameter. */
export function sqliteLockDriver(runner: StatementRunner, prefix: string, runtime: Runtime): LockDriver {
  return new SqliteLockDriver(runner, lockStatements(prefix), runtime)
}

class SqliteLockDriver implements LockDriver {
  readonly minTtlMs = 100
  readonly maxTtlMs = 86_400_000
  readonly #runner: StatementRunner
  readonly #statements: LockStatements
  readonly #runtime: Runtime

  constructor(runner: StatementRunner, statements: LockStatements, runtime: Runtime) {
    this.#runner = runner
    this.#statements = statements
    this.#runtime = runtime
  }

  async tryAcquire({ key, owner, ttlMs }: LockRequest): Promise<LockGrant | LockRefusal> {
    for (;;) {
      const [taken] = await this.#runner.write<{ fence: number }>(this.#statements.acquire, () => {
        const now = this.#runtime.now()
        return [owner, now * 1_000, now + ttlMs, key, now]
      })
      if (taken !== undefined) return { isGranted: true, fence: BigInt(taken.fence), ttlMs }
      const [row] = await this.#runner.read<LockRow>(this.#statements.find, () => [key])
      if (row === undefined) {
        await this.#runner.change(this.#statements.seed, () => [key])
        continue
      }
      const leftMs = row.expires_at - this.#runtime.now()
      if (leftMs <= 0) continue // it ended just now
      return row.owner === owner
        ? { isGranted: true, fence: BigInt(row.fence), ttlMs: leftMs }
        : { isGranted: false, heldForMs: leftMs }
    }
  }

  async renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    const list = JSON.stringify(renewals.map((renewal) => ({ ...renewal, fence: String(renewal.fence) })))
    const rows = await this.#runner.write<{ name: string; owner: string; fence: number }>(
      this.#statements.renew,
      () => {
        const now = this.#runtime.now()
        return [now, list, now]
      },
    )
    const renewed = new Set(rows.map(({ name, owner, fence }) => JSON.stringify([name, owner, String(fence)])))
    return renewals.map(({ key, owner, fence }) =>
      renewed.has(JSON.stringify([key, owner, String(fence)])) ? 'renewed' : 'not-held',
    )
  }

  async release({ key, owner, fence }: LockRelease): Promise<boolean> {
    return (await this.#runner.change(this.#statements.release, () => [key, owner, fence, this.#runtime.now()])) > 0
  }

  async advanceMany(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    const rows = await this.#runner.write<{ name: string; register: number }>(this.#statements.advance, () => [
      JSON.stringify(entries),
    ])
    const moved = new Set(rows.map(({ name, register }) => `${register} ${name}`))
    // Of two equal entries in one call only the first has moved the register.
    return entries.map(({ key, value }) => moved.delete(`${value} ${key}`))
  }

  async now(): Promise<number> {
    return this.#runtime.now()
  }

  /** The database is the host's. */
  async close(): Promise<void> {}
}
