import { CompiledQuery, type Kysely } from 'kysely'
import type { ServerConnection, ServerDriver } from './server-driver.ts'

/**
 * Lends connections of the host's Kysely. Statements are unnamed: Kysely hands a driver the text alone, so PostgreSQL
 * plans anew each time, and MySQL gets values written into the text. Passing the pool itself is faster.
 */
export class KyselyDriver implements ServerDriver {
  readonly place: string
  readonly #kysely: Kysely<unknown>

  constructor(kysely: Kysely<unknown>, name: string) {
    this.place = `${name} database of the Kysely`
    this.#kysely = kysely.withoutPlugins() // which could rename columns
  }

  lend<T>(work: (connection: ServerConnection) => Promise<T>): Promise<T> {
    return this.#kysely.connection().execute((single) =>
      work({
        run: async ({ text }, values) => {
          const { rows, numAffectedRows, insertId } = await single.executeQuery<object>(
            CompiledQuery.raw(text, [...values]),
          )
          return {
            rows,
            affected: Number(numAffectedRows ?? rows.length),
            insertId: insertId === undefined ? null : Number(insertId),
          }
        },
        exec: async (text) => void (await single.executeQuery(CompiledQuery.raw(text))),
        discard: () => undefined, // Kysely has no way to do so: the connection stays lent until its statement ends
      }),
    )
  }
}
