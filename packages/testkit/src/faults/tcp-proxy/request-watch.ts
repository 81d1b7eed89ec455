import { type BytesMatch, isMatch } from './bytes-match.ts'
import type { ProxiedConnection } from './proxied-connection.ts'

/** What is to happen when a request comes. */
interface Awaited {
  readonly match: BytesMatch
  /** Whether it disturbs the request: one fault at a time. */
  readonly isFault: boolean
  readonly meet: (connection: ProxiedConnection, request: Buffer) => void
  readonly reject: (error: Error) => void
}

/** The requests that somebody waits for. */
export class RequestWatch {
  #awaited: readonly Awaited[] = []
  #end: Error | undefined

  /** Resolves with what `meet` makes of the next request that matches. Never an unhandled rejection. */
  next<Result>(
    { match, isFault }: Pick<Awaited, 'match' | 'isFault'>,
    meet: (connection: ProxiedConnection, request: Buffer) => Result | Promise<Result>,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const meetAndResolve = (connection: ProxiedConnection, request: Buffer): void => resolve(meet(connection, request))
    this.#awaited = [...this.#awaited, { match, isFault, meet: meetAndResolve, reject }]
    if (this.#end !== undefined) this.end(this.#end)
    promise.catch(() => undefined) // the caller may have no interest in it any more
    return promise
  }

  /** To be called before a chunk is handed to the server. */
  see(connection: ProxiedConnection, chunk: Buffer): void {
    if (this.#awaited.length === 0) return
    const request = connection.request.add(chunk)
    let mayDisturb = !connection.isLosingReply
    const met = this.#awaited.filter(({ match, isFault }) => {
      if ((isFault && !mayDisturb) || !isMatch(match, request)) return false
      mayDisturb &&= !isFault
      return true
    })
    if (met.length === 0) return
    connection.request.clear() // what comes later is not the same request again
    this.#awaited = this.#awaited.filter((awaited) => !met.includes(awaited))
    for (const { meet } of met) meet(connection, request)
  }

  /** Disturbs no request that has not come. */
  cancelFaults(error: Error): void {
    this.#cancel(error, ({ isFault }) => isFault)
  }

  /** Lets nobody wait for a request any longer. */
  end(error: Error): void {
    this.#end = error
    this.#cancel(error, () => true)
  }

  #cancel(error: Error, isCancelled: (awaited: Awaited) => boolean): void {
    for (const awaited of this.#awaited) if (isCancelled(awaited)) awaited.reject(error)
    this.#awaited = this.#awaited.filter((awaited) => !isCancelled(awaited))
  }
}
