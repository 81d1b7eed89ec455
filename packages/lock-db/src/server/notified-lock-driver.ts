import type { LockRequest, ReleaseWait } from '@escapement/core'
import { integerOf, type PgNotify } from '@escapement/db'
import { ServerLockDriver } from './lock-driver.ts'
import type { LockTable } from './lock-table.ts'
import { ReleaseNotices } from './release-notices.ts'

/** For how long a key counts as waited for after somebody has begun to, at least as long as anybody waits. Milliseconds. */
const AWAITED_MS = 60_000
/** Why a wait ended. Given, since an abort without a reason makes an error with its stack. */
const OVER = 'over'

interface AwaitedRow {
  readonly left_ms: unknown
  readonly awaited_ms: unknown
}

/**
 * Locks on PostgreSQL whose waiters are told of releases. Who begins to wait says so in the row of the key, and whoever
 * releases such a key tells it, whether he can wait himself or not.
 */
export class NotifiedLockDriver extends ServerLockDriver {
  readonly #notify: PgNotify
  #notices: ReleaseNotices | undefined

  constructor(open: () => Promise<LockTable>, notify: PgNotify) {
    super(open)
    this.#notify = notify
  }

  waitForRelease({ key }: LockRequest, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    return this.on(async (table) => {
      if (signal.aborted) return // and the driver may be closed
      const notices = this.#noticesOf(table)
      const { promise: woken, resolve } = Promise.withResolvers<void>()
      const stop = notices.listen(key, resolve)
      const ending = new AbortController()
      const over = AbortSignal.any([signal, ending.signal])
      try {
        const timedOut = notices.runtime.sleep(timeoutMs, over, { keepAlive: false }).catch(() => undefined)
        const looking = notices.ready().then(() => this.#isHeld(table, key, timeoutMs))
        if ((await Promise.race([woken, timedOut, looking])) === true) await Promise.race([woken, timedOut])
      } finally {
        ending.abort(OVER)
        stop()
      }
    })
  }

  override async close(): Promise<void> {
    await this.#notices?.close()
    await super.close()
  }

  /**
   * Whether the key is held still. From then on until it is not, its release is told: the row is looked at after it says
   * that somebody waits.
   */
  async #isHeld({ server, statements }: LockTable, key: string, forMs: number): Promise<boolean> {
    let [row] = (await server.run<AwaitedRow>(statements.look, { name: key })).rows
    if (row !== undefined && integerOf(row.awaited_ms) < forMs) {
      const values = { name: key, ttl: Math.max(AWAITED_MS, forMs) }
      row = (await server.run<AwaitedRow>(statements.markAwaited, values)).rows[0]
    }
    return row !== undefined && integerOf(row.left_ms) > 0
  }

  #noticesOf(table: LockTable): ReleaseNotices {
    return (this.#notices ??= new ReleaseNotices(table, this.#notify))
  }
}
