import { type SqlSession, type Statement, statement } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** So many names are remembered. */
const MOST_KNOWN = 10_000

/** Makes queues known that are used without being registered. Queues are never removed, so each is looked for once. */
export class QueueUse {
  readonly #insert: Statement
  readonly #known = new Set<string>()

  constructor({ tables: t, sql }: ServerContext) {
    // The anti-join comes first: on MySQL the insert alone would lock a queue that is there against claims.
    this.#insert = statement(`INSERT INTO ${t.queues} (namespace, name)
      SELECT :namespace, v.value FROM ${sql.list(':queues', 'v', 'key')}
        LEFT JOIN ${t.queues} AS q ON q.namespace = :namespace AND q.name = v.value
      WHERE q.name IS NULL ORDER BY v.value ${sql.ignoreExisting(t.queues, 'namespace')}`)
  }

  /** The queues among `names` that have not been seen in the database. */
  unknown(namespace: string, names: Iterable<string>): string[] {
    return [...new Set(names)].filter((name) => !this.#known.has(`${namespace} ${name}`)).toSorted()
  }

  /** Inserts those of `queues` that are missing. */
  async insert(session: Pick<SqlSession, 'run'>, namespace: string, queues: readonly string[]): Promise<void> {
    if (queues.length > 0) await session.run(this.#insert, { namespace, queues })
  }

  /** Remembers queues whose insert was committed. */
  remember(namespace: string, queues: readonly string[]): void {
    if (this.#known.size > MOST_KNOWN) this.#known.clear()
    for (const name of queues) this.#known.add(`${namespace} ${name}`)
  }
}
