import type { Runtime } from '@escapement/base'

/** How often other connections' commits are looked for while somebody listens, milliseconds (rule 22). */
const POLL_MS = 50

/** Tells listeners that something was committed, by this handle or by another connection or process. */
export class ChangeWatcher {
  readonly #runtime: Runtime
  readonly #dataVersion: () => number | undefined
  readonly #listeners = new Set<() => void>()
  #watching: Disposable | undefined

  /** @param dataVersion - Reads `PRAGMA data_version`; undefined while that is not possible. */
  constructor(runtime: Runtime, dataVersion: () => number | undefined) {
    this.#runtime = runtime
    this.#dataVersion = dataVersion
  }

  subscribe(listener: () => void): Disposable {
    const entry = (): void => listener()
    this.#listeners.add(entry)
    this.#watching ??= this.#watch()
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(entry)
        if (this.#listeners.size === 0) this.close()
      },
    }
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0
  }

  /** Tells all listeners. */
  notify(): void {
    for (const listener of this.#listeners) listener()
  }

  close(): void {
    this.#listeners.clear()
    this.#watching?.[Symbol.dispose]()
    this.#watching = undefined
  }

  #watch(): Disposable {
    let seen = this.#dataVersion()
    return this.#runtime.repeat(POLL_MS, () => {
      const version = this.#dataVersion() ?? seen
      if (version === seen) return
      seen = version
      this.notify()
    })
  }
}
