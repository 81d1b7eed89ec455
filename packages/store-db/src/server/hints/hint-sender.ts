import type { Runtime } from '@escapement/base'

/** Payloads that are the same are sent so far apart. Milliseconds (rule 23). */
const BETWEEN_MS = 5
/** A pool that was ended meanwhile never answers: the last hints are waited for so long. Milliseconds. */
const CLOSE_MS = 1_000

const ignore = (): void => undefined

/** Sends payloads: the first at once, and what repeats within some milliseconds once more at their end. */
export class HintSender {
  readonly #runtime: Runtime
  readonly #send: (payload: string) => Promise<unknown>
  readonly #stopping = new AbortController()
  /** What was sent just now, and whether it is to be sent again. */
  readonly #recent = new Map<string, { isWanted: boolean; readonly over: Promise<void> }>()

  constructor(runtime: Runtime, send: (payload: string) => Promise<unknown>) {
    this.#runtime = runtime
    this.#send = send
  }

  /** Never fails: whoever misses a hint looks by himself after a while. */
  send(payload: string): void {
    const recent = this.#recent.get(payload)
    if (recent !== undefined) recent.isWanted = true
    else if (!this.#stopping.signal.aborted) this.#begin(payload)
  }

  /** Resolves when nothing is on its way any more, or after a while. */
  async close(): Promise<void> {
    this.#stopping.abort('closed')
    if (this.#recent.size === 0) return
    const sending = Promise.all([...this.#recent.values()].map(({ over }) => over))
    const waiting = new AbortController()
    // It keeps the process alive: who waits for the end would else not hear of it where nothing else does.
    const limit = this.#runtime.sleep(CLOSE_MS, waiting.signal).catch(ignore)
    await Promise.race([sending, limit])
    waiting.abort('sent')
  }

  #begin(payload: string): void {
    const over = this.#sendWhileWanted(payload).finally(() => this.#recent.delete(payload))
    this.#recent.set(payload, { isWanted: true, over })
  }

  async #sendWhileWanted(payload: string): Promise<void> {
    await Promise.resolve() // until it stands among the recent ones
    for (let recent = this.#recent.get(payload); recent?.isWanted === true; recent = this.#recent.get(payload)) {
      recent.isWanted = false
      await this.#send(payload).catch(ignore)
      await this.#runtime.sleep(BETWEEN_MS, this.#stopping.signal).catch(ignore)
    }
  }
}
