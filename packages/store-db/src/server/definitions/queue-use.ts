import { type Statement, statement } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** So many names are remembered. */
const MOST_KNOWN = 10_000

/** Makes queues known that are used without being registered. Queues are never removed, so each is looked for once. */
export class QueueUse {
  /** Inserts those of `:queues` that are missing. */
  readonly insert: Statement
  readonly #context: ServerContext
  readonly #known = new Set<string>()

  constructor(context: ServerContext) {
    const { tables: t, sql } = context
    this.#context = context
    // The anti-join comes first: on MySQL the insert alone would lock a queue that is there against claims.
    this.insert = statement(`INSERT INTO ${t.queues} (namespace, name)
      SELECT :namespace, v.value FROM ${sql.list(':queues', 'v', 'key')}
        LEFT JOIN ${t.queues} AS q ON q.namespace = :namespace AND q.name = v.value
      WHERE q.name IS NULL ORDER BY v.value ${sql.ignoreExisting(t.queues, 'namespace')}`)
  }

  /** The queues among `names` that were not seen in the database, in the order in which rows are locked. */
  unknown(namespace: string, names: Iterable<string>): string[] {
    return [...new Set(names)].filter((name) => !this.#known.has(`${namespace} ${name}`)).toSorted()
  }

  /** Makes queues known before the transaction that uses them: a queue too many is of no harm. */
  async ensure(namespace: string, names: Iterable<string>): Promise<void> {
    const queues = this.unknown(namespace, names)
    if (queues.length === 0) return
    await this.#context.run(this.insert, { namespace, queues })
    if (this.#known.size > MOST_KNOWN) this.#known.clear()
    for (const name of queues) this.#known.add(`${namespace} ${name}`)
  }
}
