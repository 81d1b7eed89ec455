import type { Runtime } from '@escapement/base'

/** How often other connections' commits are looked for while somebody listens, milliseconds (rule 22). */
const POLL_MS = 50

/** Tells listeners that something was committed, by this handle or by another connection or process. */
export class ChangeWatcher {
  readonly #runtime: Runtime
  readonly #dataVersion: () => number | undefined
  readonly #listeners = new Set<() => void>()
  #stop: AbortController | undefined

  /** @param dataVersion - Reads `PRAGMA data_version`; undefined while that is not possible. */
  constructor(runtime: Runtime, dataVersion: () => number | undefined) {
    this.#runtime = runtime
    this.#dataVersion = dataVersion
  }

  subscribe(listener: () => void): Disposable {
    const entry = (): void => listener()
    this.#listeners.add(entry)
    if (this.#stop === undefined) this.#watch((this.#stop = new AbortController()).signal)
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(entry)
        if (this.#listeners.size === 0) this.close()
      },
    }
  }

  /** Tells all listeners. */
  notify(): void {
    for (const listener of this.#listeners) listener()
  }

  close(): void {
    this.#listeners.clear()
    this.#stop?.abort()
    this.#stop = undefined
  }

  #watch(signal: AbortSignal): void {
    let seen = this.#dataVersion()
    const poll = (): void => {
      if (signal.aborted) return
      const version = this.#dataVersion() ?? seen
      const hasChanged = version !== seen
      seen = version
      if (hasChanged) this.notify()
      wait()
    }
    const wait = (): void => {
      this.#runtime.sleep(POLL_MS, signal, { keepAlive: false }).then(poll, () => undefined)
    }
    wait()
  }
}
