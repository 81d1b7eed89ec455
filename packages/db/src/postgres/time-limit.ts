import type { Runtime, SleepOptions } from '@escapement/base'

/** Rejects when the time is over, unless it is disposed of before. */
export class TimeLimit implements Disposable {
  readonly over: Promise<never>
  readonly #cancelling = new AbortController()

  constructor(runtime: Runtime, ms: number, problem: string, options: SleepOptions = { keepAlive: false }) {
    this.over = runtime.sleep(ms, this.#cancelling.signal, options).then(() => {
      throw new Error(problem)
    })
    this.over.catch(() => undefined)
  }

  [Symbol.dispose](): void {
    this.#cancelling.abort()
  }
}
