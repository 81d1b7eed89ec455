import { integerOf, type SqlSession, type Statement, statement } from '@escapement/db'
import type { ExecutionRemoval } from '../ending/execution-removal.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

/** Ends jobs: nothing is planned for them any more. */
export class Retirement {
  readonly #lock: Statement
  readonly #retire: Statement
  readonly #endRevision: Statement
  readonly #planned: Statement
  readonly #removal: ExecutionRemoval

  constructor(context: ServerContext, removal: ExecutionRemoval) {
    const { tables: t, sql, clock } = context
    this.#removal = removal
    const ofJob = 'namespace = :namespace AND job = :job'
    this.#lock = statement(`SELECT revision, ${clock.nowMs} AS now FROM ${t.jobs}
      WHERE namespace = :namespace AND name = :job AND retired_at IS NULL FOR UPDATE`)
    this.#retire = statement(`UPDATE ${t.jobs} SET retired_at = :now, next_tick_at = NULL
      WHERE namespace = :namespace AND name = :job`)
    this.#endRevision = statement(`UPDATE ${t.job_revisions} SET effective_until = :now
      WHERE ${ofJob} AND revision = :revision AND effective_until IS NULL`)
    // Ticks planned beyond a retirement do not exist. None was started, so none has attempts.
    this.#planned = statement(`SELECT x.seq FROM (SELECT seq FROM ${t.executions}
        WHERE ${ofJob} AND is_ledger = 1 AND scheduled_for > :now ORDER BY seq) AS v
      ${seekUnsettled(context, 'x.seq = v.seq')}
      WHERE x.status = 'scheduled' AND x.attempt = 0 ORDER BY x.seq ${sql.forUpdateOfX}`)
  }

  /**
   * Ends a job's current revision at the server's time, with the ticks that were planned beyond it.
   *
   * @returns False: unknown or retired.
   */
  async retire(session: SqlSession, namespace: string, job: string): Promise<boolean> {
    const { rows } = await session.run<{ revision: unknown; now: unknown }>(this.#lock, { namespace, job })
    const [found] = rows
    if (found === undefined) return false
    const parameters = { namespace, job, revision: integerOf(found.revision), now: integerOf(found.now) }
    await session.run(this.#retire, parameters)
    await session.run(this.#endRevision, parameters)
    const planned = await session.run<{ seq: unknown }>(this.#planned, parameters)
    await this.#removal.remove(
      session,
      planned.rows.map(({ seq }) => integerOf(seq)),
    )
    return true
  }
}
