import type { ProxiedConnection } from './proxied-connection.ts'

/** Somebody who waits for connections to come or go. */
interface Waiter {
  readonly isOver: () => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The connections of a proxy, and who waits for them to come or go. */
export class ConnectionList {
  readonly #open = new Set<ProxiedConnection>()
  readonly #waiters = new Set<Waiter>()
  #accepted = 0
  #end: Error | undefined

  /** How many are open. */
  get size(): number {
    return this.#open.size
  }

  /** How many there were so far, those that are open included. */
  get accepted(): number {
    return this.#accepted
  }

  add(connection: ProxiedConnection): void {
    this.#open.add(connection)
    this.#accepted++
    void connection.closed.then(() => {
      this.#open.delete(connection)
      this.#look()
    })
    this.#look()
  }

  forEach(visit: (connection: ProxiedConnection) => void): void {
    for (const connection of this.#open) visit(connection)
  }

  /** Resolves once `isOver`, at once if it is. Never an unhandled rejection. */
  until(isOver: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiters.add({ isOver, resolve, reject })
    promise.catch(() => undefined) // the caller may have no interest in it any more
    this.#look()
    return promise
  }

  /** Closes all; then lets nobody wait any longer. */
  async end(error: Error): Promise<void> {
    await Promise.all(Array.from(this.#open, (connection) => connection.destroy()))
    this.#end = error
    this.#look()
  }

  #look(): void {
    for (const waiter of this.#waiters) {
      if (waiter.isOver()) waiter.resolve()
      else if (this.#end !== undefined) waiter.reject(this.#end)
      else continue
      this.#waiters.delete(waiter)
    }
  }
}
