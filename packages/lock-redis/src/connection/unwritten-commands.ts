import type { EventSource } from './redis-client.ts'

/** The events by which a client of node-redis, or a Cluster of it, tells that a connection was lost. */
const LOST = ['error', 'node-error']

/**
 * Withdraws what a client of node-redis has not written yet when its connection is lost. Version 5 would write it to the
 * connection that is gone, take the first answers on the next one for its own, and wait for those for ever.
 */
export class UnwrittenCommands {
  readonly #client: EventSource
  #underWay = 0
  #withdrawal = new AbortController()
  readonly #withdraw = (): void => {
    const withdrawn = this.#withdrawal
    this.#withdrawal = new AbortController()
    withdrawn.abort()
  }

  constructor(client: EventSource) {
    this.#client = client
  }

  /** Listens to the client for as long as anything is under way. */
  async during<Reply>(send: (options: { readonly abortSignal: AbortSignal }) => Promise<Reply>): Promise<Reply> {
    if (this.#underWay++ === 0) for (const event of LOST) this.#client.on(event, this.#withdraw)
    try {
      return await send({ abortSignal: this.#withdrawal.signal })
    } finally {
      if (--this.#underWay === 0) for (const event of LOST) this.#client.off(event, this.#withdraw)
    }
  }
}
