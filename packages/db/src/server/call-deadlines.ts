import type { Runtime } from '@escapement/base'

/** How often calls that are under way are looked at, as a part of the time that they have. */
const LOOKS = 8

/** Tells calls that their time is over: by one repeated timer for all, since calls are many and hardly one is late. */
export class CallDeadlines {
  readonly #runtime: Runtime
  readonly #timeoutMs: number
  /** In the order of their deadlines, since all have the same time. */
  readonly #calls = new Set<{ readonly endsAt: number; readonly late: () => void }>()
  #looking: Disposable | undefined

  constructor(runtime: Runtime, timeoutMs: number) {
    this.#runtime = runtime
    this.#timeoutMs = timeoutMs
  }

  /** Calls `late` once when the call's time is over, unless the returned function was called before. */
  begin(late: () => void): () => void {
    const call = { endsAt: this.#runtime.monotonic() + this.#timeoutMs, late }
    this.#calls.add(call)
    this.#looking ??= this.#runtime.repeat(Math.max(1, Math.ceil(this.#timeoutMs / LOOKS)), () => this.#look())
    return () => void this.#calls.delete(call)
  }

  #look(): void {
    const now = this.#runtime.monotonic()
    for (const call of this.#calls) {
      if (call.endsAt > now) return
      this.#calls.delete(call)
      call.late()
    }
    if (this.#calls.size > 0) return
    this.#looking?.[Symbol.dispose]()
    this.#looking = undefined
  }
}
