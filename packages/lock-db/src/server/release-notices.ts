import type { Runtime } from '@escapement/base'
import { DatabaseUnavailableError, NotificationSession, type PgNotify } from '@escapement/db'
import type { LockTable } from './lock-table.ts'

/** How long the first who wait let the session open before they ask by themselves. Milliseconds. */
const OPENING_MS = 500

/** Hears of the releases of keys by other processes, through PostgreSQL (rule 23). */
export class ReleaseNotices {
  readonly #table: LockTable
  readonly #notify: PgNotify
  /** By key: how each who waits for it is woken. */
  readonly #waiting = new Map<string, Set<() => void>>()
  /** Opened when somebody first waits. */
  #session: NotificationSession | undefined
  /** Resolves when releases are first heard of, or after a while. */
  readonly #opening: PromiseWithResolvers<void> = Promise.withResolvers()
  #isClosed = false

  constructor(table: LockTable, notify: PgNotify) {
    this.#table = table
    this.#notify = notify
  }

  get runtime(): Runtime {
    return this.#table.server.runtime
  }

  /**
   * Resolves when all releases from now on are heard of.
   *
   * @throws {@link DatabaseUnavailableError} when they are not.
   */
  async ready(): Promise<void> {
    this.#session ??= this.#openSession()
    await this.#opening.promise
    const trouble = this.#isClosed ? 'the mutex is closed' : this.#session.trouble
    if (trouble !== null) throw new DatabaseUnavailableError(`PostgreSQL does not tell of releases: ${trouble}`)
  }

  /**
   * Calls `wake` at each release of `key`, and when one may have been missed.
   *
   * @returns Ends that.
   */
  listen(key: string, wake: () => void): () => void {
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting.add(wake))
    return () => {
      waiting.delete(wake)
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    }
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#opening.resolve()
    await this.#session?.close()
  }

  #openSession(): NotificationSession {
    const { server, statements, channel } = this.#table
    void server.runtime.sleep(OPENING_MS, undefined, { keepAlive: false }).then(this.#opening.resolve)
    return new NotificationSession({
      notify: this.#notify,
      channel,
      runtime: server.runtime,
      send: async (payload) => void (await server.run(statements.tell, { channel, payload })),
      heard: (key) => this.#wake(this.#waiting.get(key)),
      changed: () => {
        this.#opening.resolve()
        this.#waiting.forEach((waiting) => this.#wake(waiting))
      },
    })
  }

  #wake(waiting: ReadonlySet<() => void> = new Set()): void {
    for (const wake of waiting) wake()
  }
}
