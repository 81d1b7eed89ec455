import type { Runtime } from '@escapement/base'
import {
  DatabaseUnavailableError,
  NotificationSession,
  notificationChannel,
  type PgNotify,
  type SqlServer,
  statement,
} from '@escapement/db'

/** How long the first who wait let the session open before they ask by themselves. Milliseconds. */
const OPENING_MS = 500

const NOTIFY = statement('SELECT pg_notify(:channel, :payload)')

const ignore = (): void => undefined

/** What {@link ReleaseNotices} are made of. */
export interface ReleaseNoticesOptions {
  readonly server: SqlServer
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  readonly notify: PgNotify
}

/** Carries the releases of keys to the processes that wait for them, through PostgreSQL (rule 23). */
export class ReleaseNotices {
  readonly #options: ReleaseNoticesOptions
  readonly #channel: string
  /** By key: how each who waits for it is woken. */
  readonly #waiting = new Map<string, Set<() => void>>()
  /** Opened when somebody first waits. */
  #session: NotificationSession | undefined
  /** Resolves when releases are first heard of, or after a while. */
  readonly #opening: PromiseWithResolvers<void> = Promise.withResolvers()
  #isClosed = false

  constructor(options: ReleaseNoticesOptions) {
    this.#options = options
    this.#channel = notificationChannel(options.prefix, 'locks', options.server.schema)
  }

  get runtime(): Runtime {
    return this.#options.server.runtime
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

  /** Tells all processes that `key` was given back. Never fails: who misses it asks again when the lease would have ended. */
  tell(key: string): void {
    this.#send(key).catch(ignore)
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#opening.resolve()
    await this.#session?.close()
  }

  #openSession(): NotificationSession {
    const { notify, server } = this.#options
    void server.runtime.sleep(OPENING_MS, undefined, { keepAlive: false }).then(this.#opening.resolve)
    return new NotificationSession({
      notify,
      channel: this.#channel,
      runtime: server.runtime,
      send: (payload) => this.#send(payload),
      heard: (key) => this.#wake(this.#waiting.get(key)),
      changed: () => {
        this.#opening.resolve()
        this.#waiting.forEach((waiting) => this.#wake(waiting))
      },
    })
  }

  async #send(payload: string): Promise<void> {
    await this.#options.server.run(NOTIFY, { channel: this.#channel, payload })
  }

  #wake(waiting: ReadonlySet<() => void> = new Set()): void {
    for (const wake of waiting) wake()
  }
}
