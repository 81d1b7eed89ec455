import { type SqlSession, type Statement, statement } from '@escapement/db'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'

/** So many names are remembered. */
const MOST_KNOWN = 10_000

/** Makes queues known that are used without being registered. Queues are never removed, so each is looked for once. */
export class QueueUse {
  readonly #insert: Statement
  readonly #context: ServerContext
  readonly #known = new Set<string>()

  constructor(context: ServerContext) {
    const { tables: t, sql } = context
    this.#context = context
    // The anti-join comes first: on MySQL the insert alone would lock a queue that is there against claims.
    this.#insert = statement(`INSERT INTO ${t.queues} (namespace, name)
      SELECT :namespace, v.name FROM ${sql.rows(':rows', 'v', { name: 'key' })}
        LEFT JOIN ${t.queues} AS q ON q.namespace = :namespace AND q.name = v.name
      WHERE q.name IS NULL ORDER BY v.name ${sql.ignoreExisting(t.queues, 'namespace')}`)
  }

  /** Makes queues known before the transaction that uses them: a queue too many is of no harm. */
  async ensure(namespace: string, names: Iterable<string>): Promise<void> {
    const queues = await this.insert(this.#context, namespace, names)
    if (this.#known.size > MOST_KNOWN) this.#known.clear()
    for (const name of queues) this.#known.add(`${namespace} ${name}`)
  }

  /** Makes queues known within a transaction, which may be rolled back. Answers those that were not seen before. */
  async insert(
    session: Pick<SqlSession, 'run'>,
    namespace: string,
    names: Iterable<string>,
  ): Promise<readonly string[]> {
    const queues = [...new Set(names)].filter((name) => !this.#known.has(`${namespace} ${name}`)).toSorted()
    if (queues.length > 0) {
      await session.run(this.#insert, { namespace, rows: rowsText(queues.map((name) => ({ name }))) })
    }
    return queues
  }
}
