import type { SqlResult } from './sql-server.ts'
import type { CompiledStatement } from './statement.ts'

/** One connection of the host's pool, through the host's library. Its errors are the library's own. */
export interface ServerConnection {
  run(statement: CompiledStatement, values: readonly unknown[]): Promise<SqlResult<object>>
  /** Runs text without parameters. */
  exec(text: string): Promise<void>
  /** Closes it, whatever it is doing, where the library has a way to do so: its state is unknown. Idempotent. */
  discard(): void
}

/** How connections are had from what the host has passed in. */
export interface ServerDriver {
  /** Which database where, as far as it is known without asking; never with a password. */
  readonly place: string
  /** Lends a connection until `work` has settled. */
  lend<T>(work: (connection: ServerConnection) => Promise<T>): Promise<T>
}
