import type { Runtime } from '@escapement/base'
import type { NotificationClient, PgNotify } from './pg-notify.ts'
import { TimeLimit } from './time-limit.ts'

/** How long connecting, LISTEN or a proof may take. Milliseconds. */
const STEP_MS = 5_000
/** A session that stays silent may be half open: it is proved so often. Milliseconds. */
const BETWEEN_PROOFS_MS = 60_000
/** Pauses before the next session; doubled after each failure, and jittered. Milliseconds. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** Ending politely is waited for so long. Milliseconds. */
const END_MS = 1_000

const ignore = (): void => undefined

/** What a {@link NotificationSession} is made of. */
export interface NotificationSessionOptions {
  readonly notify: PgNotify
  readonly channel: string
  readonly runtime: Runtime
  /** Sends a payload to the channel the way that all payloads are sent: through the pool. */
  send(payload: string): Promise<void>
  /** Hears payloads. */
  heard(payload: string): void
  /** Told when `trouble` begins or ends. */
  changed(): void
}

/**
 * One session of PostgreSQL that listens to a channel (rule 23). It counts only while it has proved, at its start and each
 * minute, that it hears what is sent through the pool: behind a pooler, or on another server, it would hear nothing and
 * say nothing. A session that is lost is made again.
 */
export class NotificationSession {
  readonly #options: NotificationSessionOptions
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #trouble: string | null = 'it is being opened'
  #proof: { readonly payload: string; readonly heard: () => void } | null = null

  constructor(options: NotificationSessionOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Why nothing is heard now; null: it is. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** Ends the session. Idempotent. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error('it was closed'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { runtime } = this.#options
    const { signal } = this.#stopping
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#listen(() => (failures = 0))
      } catch (error) {
        this.#setTrouble(error instanceof Error && error.message !== '' ? error.message : String(error))
      }
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + runtime.random() / 2)
      await runtime.sleep(pauseMs, signal, { keepAlive: false }).catch(ignore)
    }
  }

  /** One session, from connecting until it fails. */
  async #listen(proved: () => void): Promise<never> {
    const { notify, channel, runtime } = this.#options
    const ending = new AbortController()
    const signal = AbortSignal.any([this.#stopping.signal, ending.signal])
    const failed = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
    failed.catch(ignore)
    const client = notify.createClient()
    client.on('error', (error) => ending.abort(error))
    client.on('end', () => ending.abort(new Error('the server ended the session')))
    client.on('notification', ({ payload = '' }) => {
      if (payload === this.#proof?.payload) this.#proof.heard()
      else this.#options.heard(payload)
    })
    const within = async (step: Promise<unknown>, problem: string): Promise<void> => {
      using limit = new TimeLimit(runtime, STEP_MS, problem)
      await Promise.race([step, failed, limit.over])
    }
    try {
      await within(client.connect(), `it could not be opened within ${STEP_MS} ms`)
      client.unref?.()
      await within(client.query(`LISTEN "${channel}"`), `LISTEN was not answered within ${STEP_MS} ms`)
      for (;;) {
        await within(
          this.#prove(),
          `what is sent through the pool is not heard within ${STEP_MS} ms: pgNotify must reach the same server as the pool, and no pooler that shares sessions`,
        )
        proved()
        this.#setTrouble(null)
        await Promise.race([runtime.sleep(BETWEEN_PROOFS_MS, signal, { keepAlive: false }), failed])
      }
    } finally {
      ending.abort(new Error('it ended'))
      await endClient(client, runtime)
    }
  }

  async #prove(): Promise<void> {
    const payload = `proof:${this.#options.runtime.id()}`
    const heard = new Promise<void>((resolve) => (this.#proof = { payload, heard: resolve }))
    await this.#options.send(payload)
    await heard
  }

  #setTrouble(trouble: string | null): void {
    const wasInTrouble = this.#trouble !== null
    this.#trouble = trouble
    if (wasInTrouble !== (trouble !== null)) this.#options.changed()
  }
}

/**
 * A server that does not answer is not waited for long: its session dies with the connection. The session keeps no process
 * alive, so the limit does: else it would exit while its host waits for the end.
 */
async function endClient(client: NotificationClient, runtime: Runtime): Promise<void> {
  using limit = new TimeLimit(runtime, END_MS, 'it does not end', { keepAlive: true })
  await Promise.race([client.end(), limit.over]).catch(() => client.connection?.stream.destroy())
}
