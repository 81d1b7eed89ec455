import type { Timer } from '@escapement/base'
import type { RedisSubscriber } from '../connection/redis-connection.ts'

/** One channel, and those who listen to it. */
export class ReleaseChannel {
  readonly name: string
  /** Ends it when nobody has listened for a while. */
  ending: Timer | undefined
  /** Grows with each message, and when later ones will be missed. */
  changes = 0
  readonly #subscriber: RedisSubscriber
  readonly #listeners = new Set<() => void>()
  #isSubscribed = false
  #settling: Promise<void> = Promise.resolve()

  constructor(name: string, subscriber: RedisSubscriber) {
    this.name = name
    this.#subscriber = subscriber
  }

  /** Whether every later message is told of. */
  get isSure(): boolean {
    return this.#isSubscribed
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0
  }

  /** Resolves once every later message calls `wake`. */
  async enter(wake: () => void): Promise<void> {
    this.#listeners.add(wake)
    await this.settle()
  }

  leave(wake: () => void): void {
    this.#listeners.delete(wake)
  }

  wake(): void {
    this.changes++
    for (const wake of this.#listeners) wake()
  }

  /** Subscribes or unsubscribes as is needed, one after the other: clients lose count when both are under way. */
  settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      const isNeeded = !this.isIdle
      if (isNeeded === this.#isSubscribed) return
      this.#isSubscribed = false
      this.changes++
      await (isNeeded ? this.#subscriber.subscribe(this.name) : this.#subscriber.unsubscribe(this.name))
      this.#isSubscribed = isNeeded
    })
    return this.#settling
  }
}
