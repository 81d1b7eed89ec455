import { ATTEMPT_COLUMNS } from '../attempt-columns.ts'
import { endingColumns } from '../ending/ending-columns.ts'
import type { RowColumns } from '../server-sql.ts'
import { namedExecutions } from '../named-executions.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

const SPENT: RowColumns = { seq: 'integer', retries: 'integer', interruptions: 'integer', fence: 'integer' }

/** Statements that take executions away from their owner. All raise the fence, so that its late word is refused. */
export function releasesSql(context: ServerContext) {
  const { tables: t, sql, clock } = context
  const columns = `${endingColumns(sql)}, x.status, x.retries, x.interruptions, x.claimed_at, x.started_at, x.due_at,
    x.abandoned_at, x.cancel_requested_at`
  const ofAttempts = Object.keys(ATTEMPT_COLUMNS).join(', ')
  const lastAttempt = (column: string): string =>
    `(SELECT a.${column} FROM ${t.attempts} AS a WHERE a.execution_seq = x.seq ORDER BY a.number DESC LIMIT 1)`
  return {
    lockNamed: `SELECT ${columns} FROM ${namedExecutions(context, { fence: 'integer' })}
      ${seekUnsettled(context, 'x.seq = v.seq')}
      WHERE x.fence = v.fence AND x.held_by IS NOT NULL ORDER BY x.seq ${sql.forUpdateOfX}`,

    lockHeld: (limit: number): string => `SELECT ${columns}, ${clock.nowMs} AS now FROM ${t.unsettled} AS x
      WHERE x.namespace = :namespace AND x.held_by = :instance ORDER BY x.seq LIMIT ${limit} FOR UPDATE`,

    /** What is held under tokens up to one; mostly all of it is named by its owner, and nothing has to be locked. */
    heldUnderTokens: `SELECT x.id, x.fence, x.claim_token FROM ${t.unsettled} AS x
      WHERE x.namespace = :namespace AND x.held_by = :instance
        AND x.claim_token >= :since AND x.claim_token <= :token`,

    policies: `SELECT r.job, r.revision, ${sql.jsonText('r.spec', ['onInterrupt'])} AS on_interrupt,
        ${sql.integer(sql.jsonText('r.spec', ['retry', 'limit']))} AS retry_limit
      FROM ${sql.rows(':rows', 'v', { job: 'key', revision: 'integer' })}
      ${sql.seek({ table: t.job_revisions, alias: 'r', on: 'r.namespace = :namespace AND r.job = v.job AND r.revision = v.revision' })}`,

    /** As if it had not been claimed: open only if it was started before; a tick has no verdict before its time. */
    giveBack: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: sql.rows(':rows', 'v', {
          seq: 'integer',
          attempt: 'integer',
          fence: 'integer',
          is_judged: 'integer',
          was_interrupted: 'integer',
        }),
        on: 'x.seq = v.seq',
        set: {
          status: "'scheduled'",
          attempt: 'v.attempt',
          claimed_at: 'NULL',
          claim_token: 'NULL',
          instance: lastAttempt('instance'),
          started_at: lastAttempt('started_at'),
          open_key: 'CASE WHEN v.attempt = 0 THEN NULL ELSE x.open_key END',
          is_judged: 'CASE WHEN x.is_ledger = 1 AND x.is_catch_up = 0 AND v.attempt = 0 THEN v.is_judged ELSE 1 END',
          fence: 'v.fence',
          was_interrupted: 'GREATEST(x.was_interrupted, v.was_interrupted)',
        },
      }),

    /** Ticks planned beyond a retirement do not exist (rule 5). */
    retired: `SELECT x.seq FROM ${sql.list(':seqs', 'v', 'integer')} ${seekUnsettled(context, 'x.seq = v.value')}
      WHERE x.unjudged_at IS NOT NULL AND EXISTS (SELECT 1 FROM ${t.jobs} AS j
        WHERE j.namespace = x.namespace AND j.name = x.job AND j.retired_at IS NOT NULL)`,

    /** Back in line for another attempt; it stays open. */
    again: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: sql.rows(':rows', 'v', SPENT),
        on: 'x.seq = v.seq',
        set: {
          status: "'scheduled'",
          claimed_at: 'NULL',
          claim_token: 'NULL',
          abandoned_at: 'NULL',
          retries: 'v.retries',
          interruptions: 'v.interruptions',
          fence: 'v.fence',
          was_interrupted: '1',
        },
      }),

    spend: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: sql.rows(':rows', 'v', SPENT),
        on: 'x.seq = v.seq',
        set: { retries: 'v.retries', interruptions: 'v.interruptions', fence: 'v.fence', was_interrupted: '1' },
      }),

    recordAttempts: `INSERT INTO ${t.attempts} (${ofAttempts}, outcome)
      SELECT ${ofAttempts}, 'interrupted' FROM ${sql.rows(':rows', 'v', ATTEMPT_COLUMNS)} WHERE v.execution_seq IS NOT NULL
      ${sql.ignoreExisting(t.attempts, 'execution_seq')}`,
  }
}
