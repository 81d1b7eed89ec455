import { InvalidOptionError } from '@escapement/base'

/** What is used of a `pg.Client`. */
export interface NotificationClient {
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  end(): Promise<unknown>
  /** Lets the process exit while the session is open. */
  unref?(): void
  /** What a client that does not end by itself is cut off by. */
  readonly connection?: { readonly stream: { destroy(): unknown } }
}

/** How notifications of PostgreSQL are heard. Made by {@link pgNotify}. */
export class PgNotify {
  /** A new client that is not connected yet. */
  readonly createClient: () => NotificationClient

  constructor(createClient: () => NotificationClient) {
    this.createClient = createClient
  }
}

/**
 * Lets a store on PostgreSQL hear of other processes' changes at once (LISTEN), on a session of its own outside the pool.
 *
 * @param createClient - Makes a new `pg.Client` that is not connected, to the server that the pool reaches, not through a
 *   pooler that shares sessions. Called again whenever the session is lost.
 * @throws {@link InvalidOptionError} when it is no function.
 * @example
 * ```ts
 * dbStore(pool, { notify: pgNotify(() => new pg.Client({ connectionString: url })) })
 * ```
 */
export function pgNotify(createClient: () => NotificationClient): PgNotify {
  if (typeof createClient !== 'function') {
    throw new InvalidOptionError(
      `pgNotify was given ${createClient === null ? 'null' : `something of type ${typeof createClient}`}; pass a function that makes a client: pgNotify(() => new pg.Client(url))`,
    )
  }
  return new PgNotify(createClient)
}
