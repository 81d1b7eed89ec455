import { integerOf, type Statement, statement } from '@escapement/db'
import type { ServerContext } from '../server-context.ts'

/** Rows that follow their job to another queue at once. */
const MOVED_AT_ONCE = 200

/** Moves what waits of a job to its queue, some at a time. */
export class WaitingMoves {
  readonly #context: ServerContext
  readonly #waiting: Statement
  readonly #move: Statement

  constructor(context: ServerContext) {
    const { tables: t, sql } = context
    this.#context = context
    this.#waiting = statement(`SELECT seq FROM (
        (SELECT seq FROM ${t.unsettled}
          WHERE namespace = :namespace AND waiting_job = :job AND queue <> :queue LIMIT ${MOVED_AT_ONCE})
        UNION ALL
        (SELECT seq FROM ${t.unsettled}
          WHERE namespace = :namespace AND is_ledger IN (0, 1) AND unjudged_at IS NOT NULL AND job = :job AND queue <> :queue
          LIMIT ${MOVED_AT_ONCE})
      ) AS w ORDER BY seq`)
    // What is claimed meanwhile stays where it is.
    this.#move = statement(
      sql.update({
        table: t.unsettled,
        from: sql.list(':seqs', 'v', 'integer'),
        on: "x.seq = v.value AND x.status = 'scheduled'",
        set: { queue: ':queue' },
      }),
    )
  }

  async move(namespace: string, job: string, queue: string): Promise<void> {
    for (;;) {
      const { rows } = await this.#context.run<{ seq: unknown }>(this.#waiting, { namespace, job, queue })
      if (rows.length === 0) return
      await this.#context.run(this.#move, { seqs: rows.map(({ seq }) => integerOf(seq)), queue })
    }
  }
}
