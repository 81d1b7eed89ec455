import { namedExecutions } from '../named-executions.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

/** Statements of an instance about what it holds; each is refused unless the fence is the newest. */
export function ownershipSql(context: ServerContext) {
  const { tables: t, sql, clock } = context
  const named = namedExecutions(context, { fence: 'integer' })
  // By the status and not by `held_by`, whose index PostgreSQL might then search for each.
  const isOwn = `x.seq = v.seq AND x.fence = v.fence AND x.status IN ('claimed', 'running')`
  return {
    now: `SELECT ${clock.nowMs} AS now`,

    /** A start of what is locked is recorded once; a row that runs already stays as it is. */
    start: (): string =>
      sql.updateLocked({
        table: t.unsettled,
        from: namedExecutions(context, { fence: 'integer', started_at: 'integer' }),
        on: `${isOwn} AND x.status = 'claimed'`,
        set: { status: "'running'", started_at: 'v.started_at' },
      }),

    lockOwn: `SELECT x.id FROM ${named} ${seekUnsettled(context, isOwn)} ${sql.forUpdateOfX}`,

    /** A dead instance never lives again. */
    lockAlive: `SELECT ${clock.nowMs} AS now FROM ${t.instances} AS i
      WHERE i.namespace = :namespace AND i.id = :instance AND i.dead_at IS NULL FOR UPDATE`,

    renew: `UPDATE ${t.instances} SET lease_until = :leaseUntil, heartbeat_at = :now
      WHERE namespace = :namespace AND id = :instance`,

    held: `SELECT x.id, x.cancel_requested_at, x.cancel_requested_by
      FROM ${named} ${seekUnsettled(context, isOwn)}`,
  }
}
