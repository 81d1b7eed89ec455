import type { Timer, TimerQueue } from '@escapement/base'

/**
 * What a loop waits on: the next of a call of `wake` and a time limit. A wake that comes while the loop is busy is
 * kept, so that none is missed.
 */
export class Wakeup {
  readonly #timers: TimerQueue
  #isPending = false
  #resume: (() => void) | undefined

  constructor(timers: TimerQueue) {
    this.#timers = timers
  }

  /** Ends the current wait, or the next one at once. */
  wake(): void {
    this.#isPending = true
    this.#resume?.()
  }

  /**
   * Resolves after `ms` milliseconds (infinite: never) or at a wake.
   *
   * @returns Whether it was a wake.
   */
  async wait(ms: number): Promise<boolean> {
    if (!this.#isPending) {
      let timer: Timer | undefined
      await new Promise<void>((resolve) => {
        this.#resume = resolve
        if (ms !== Number.POSITIVE_INFINITY) timer = this.#timers.after(ms, resolve)
      })
      timer?.cancel()
      this.#resume = undefined
    }
    const wasWoken = this.#isPending
    this.#isPending = false
    return wasWoken
  }
}
