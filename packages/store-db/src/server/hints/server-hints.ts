import type { Finding, Hint } from '@escapement/core'
import {
  NotificationSession,
  notificationChannel,
  type PgNotify,
  type SqlServer,
  type SqlSession,
  statement,
} from '@escapement/db'
import { HintSender } from './hint-sender.ts'

/** How often changes of other processes are looked for where nothing announces them. Milliseconds (rule 23). */
const MYSQL_POLL_MS = 250
const POSTGRES_POLL_MS = 1_000

/** In the place of the sender: hints of a transaction of the host, which are news to this process, too. */
const ANYBODY = '-'

const NOTIFY = statement('SELECT pg_notify(:channel, :payload)')

interface Subscription {
  readonly namespace: string
  readonly listener: (hint: Hint) => void
}

/** What {@link ServerHints} are made of. */
export interface ServerHintsOptions {
  readonly server: SqlServer
  /** Checked by `tablePrefix`. */
  readonly prefix: string
  /** Only on PostgreSQL. */
  readonly notify: PgNotify | null
  /** Called before listeners are, when others may have changed something, in a namespace or, without one, in any. */
  readonly changed: (namespace?: string) => void
}

/**
 * Who hears of changes, and how others hear of ours. PostgreSQL carries hints to all processes that listen; where no
 * session is proved to listen, and on MySQL and MariaDB, listeners are called again and again.
 */
export class ServerHints {
  readonly #server: SqlServer
  readonly #channel: string
  readonly #sender: HintSender | null
  readonly #session: NotificationSession | null
  readonly #id: string
  readonly #changed: (namespace?: string) => void
  readonly #subscriptions = new Set<Subscription>()
  #polling: Disposable | undefined
  #isClosed = false

  constructor({ server, prefix, notify, changed }: ServerHintsOptions) {
    this.#server = server
    this.#changed = changed
    this.#channel = notificationChannel(prefix, 'hints', server.schema)
    this.#id = server.runtime.id()
    const send = (payload: string): Promise<unknown> => server.run(NOTIFY, { channel: this.#channel, payload })
    this.#sender = server.dialect === 'postgres' ? new HintSender(server.runtime, send) : null
    this.#session =
      notify === null
        ? null
        : new NotificationSession({
            notify,
            channel: this.#channel,
            runtime: server.runtime,
            send: async (payload) => void (await send(payload)),
            heard: (payload) => this.#heard(payload),
            changed: () => this.#sessionChanged(),
          })
  }

  subscribe(namespace: string, listener: (hint: Hint) => void): Disposable {
    const subscription = { namespace, listener }
    this.#subscriptions.add(subscription)
    this.#pollAsNeeded()
    return {
      [Symbol.dispose]: () => {
        this.#subscriptions.delete(subscription)
        this.#pollAsNeeded()
      },
    }
  }

  /** Tells all instances, after a commit. */
  everywhere(namespace: string, hint: Hint): void {
    this.here(namespace, hint)
    this.#sender?.send(`${this.#id} ${hint} ${namespace}`)
  }

  /** Tells this process. */
  here(namespace: string, hint: Hint): void {
    for (const { namespace: theirs, listener } of this.#subscriptions) if (theirs === namespace) listener(hint)
  }

  /** Tells all instances when the transaction of the host commits, and nobody when it does not. */
  async atCommit(session: Pick<SqlSession, 'run'>, namespace: string): Promise<void> {
    if (this.#sender === null) return
    await session.run(NOTIFY, { channel: this.#channel, payload: `${ANYBODY} work ${namespace}` })
  }

  findings(): readonly Finding[] {
    if (this.#server.dialect !== 'postgres') return []
    const trouble = this.#session === null ? 'notify was not passed to dbStore' : this.#session.trouble
    if (trouble === null) return []
    const message = `changes of other processes are noticed within ${POSTGRES_POLL_MS} ms instead of at once, because no session listens to PostgreSQL: ${trouble}`
    return [{ code: 'polling', severity: 'warning', message }]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#pollAsNeeded()
    await Promise.all([this.#sender?.close(), this.#session?.close()])
  }

  #heard(payload: string): void {
    const [sender, hint, namespace, ...rest] = payload.split(' ')
    if (sender === this.#id || namespace === undefined || rest.length > 0) return
    if (hint !== 'work' && hint !== 'cancel') return
    this.#changed(namespace)
    this.here(namespace, hint)
  }

  /** What was said while nobody listened is lost: everybody looks once. */
  #sessionChanged(): void {
    this.#pollAsNeeded()
    this.#lookAll()
  }

  #pollAsNeeded(): void {
    const isNeeded = !this.#isClosed && this.#subscriptions.size > 0 && this.#session?.trouble !== null
    if (!isNeeded) {
      this.#polling?.[Symbol.dispose]()
      this.#polling = undefined
      return
    }
    const pollMs = this.#server.dialect === 'postgres' ? POSTGRES_POLL_MS : MYSQL_POLL_MS
    this.#polling ??= this.#server.runtime.repeat(pollMs, () => this.#lookAll())
  }

  #lookAll(): void {
    this.#changed()
    for (const { listener } of this.#subscriptions) listener('work')
  }
}
