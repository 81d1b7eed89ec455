import type { Runtime } from '@escapement/base'
import { CallDeadlines } from './call-deadlines.ts'
import { ConnectedServer } from './connected-server.ts'
import { lendInTime } from './lend-in-time.ts'
import type { ServerAccess } from './server-source.ts'
import { typedError } from './server-fault.ts'

/** Resolved options of a {@link ServerDatabase}. */
export interface ServerDatabaseOptions {
  readonly access: ServerAccess
  readonly schema: string | undefined
  readonly timeoutMs: number
  readonly runtime: Runtime
}

/** The handle on a server's database; it asks the server what it is when first used. Made by `openServer`. */
export class ServerDatabase {
  /** The clock for pauses and deadlines; what is due is decided by the server's (rule 9). */
  readonly runtime: Runtime
  /** What kind of server the library of the host speaks to; MariaDB is told from MySQL by asking. */
  readonly family: 'postgres' | 'mysql'
  readonly #options: ServerDatabaseOptions
  #opening: Promise<ConnectedServer> | undefined

  constructor(options: ServerDatabaseOptions) {
    this.runtime = options.runtime
    this.family = options.access.family.name
    this.#options = options
  }

  /**
   * Asks the server what it is, once. After a failure the next call tries again.
   *
   * @throws {@link DatabaseUnusableError} for wrong credentials, a missing database, or a server that is too old.
   * @throws {@link DatabaseUnavailableError} while it cannot be reached or is read-only.
   */
  open(): Promise<ConnectedServer> {
    return (this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    }))
  }

  async #open(): Promise<ConnectedServer> {
    const { access, schema, timeoutMs, runtime } = this.#options
    const { driver, family, isInterpolating } = access
    const deadlines = new CallDeadlines(runtime, timeoutMs)
    try {
      const identity = await lendInTime(driver, deadlines, (connection) =>
        family.identify(connection, { schema, place: driver.place, isInterpolating }),
      )
      return new ConnectedServer({ driver, family, identity, runtime, timeoutMs })
    } catch (error) {
      throw typedError(error, family.faultOf, driver.place)
    }
  }
}
