import type { ServerContext } from '../server-context.ts'

/** Statements that find what is over and remove it; each is bounded, and passes over what another instance has in hand. */
export function upkeepSql({ tables: t, sql, clock }: ServerContext) {
  const e = t.executions
  const now = clock.nowMs
  const bounded = (limit: number): string => `LIMIT ${limit} FOR UPDATE SKIP LOCKED`
  const seqs = sql.list(':seqs', 'v', 'integer')
  return {
    /** Whose lease has ended is dead for good. */
    declareDead: `UPDATE ${t.instances} SET dead_at = ${now}
      WHERE namespace = :namespace AND is_gone = 0 AND dead_at IS NULL AND lease_until <= ${now}`,
    remove: `UPDATE ${t.instances} SET dead_at = ${now}
      WHERE namespace = :namespace AND id = :instance AND dead_at IS NULL`,

    /** What there is to recover: leases that have ended, and dead instances that have left something. */
    toRecover: `SELECT id, dead_at FROM ${t.instances}
      WHERE namespace = :namespace AND is_gone = 0 AND (dead_at IS NOT NULL OR lease_until <= ${now})`,

    /** Dead instances that have left something: executions, or what they said about handlers. */
    going: `SELECT id FROM ${t.instances}
      WHERE namespace = :namespace AND is_gone = 0 AND dead_at IS NOT NULL ORDER BY id`,

    /** One at a time recovers an instance. */
    lockGoing: `SELECT id FROM ${t.instances}
      WHERE namespace = :namespace AND id = :instance AND is_gone = 0 AND dead_at IS NOT NULL FOR UPDATE`,

    handlersOf: (limit: number): string => `SELECT job FROM ${t.handlers}
      WHERE namespace = :namespace AND instance = :instance ORDER BY job ${bounded(limit)}`,
    forgetHandlers: (): string =>
      sql.remove({
        table: t.handlers,
        from: sql.list(':jobs', 'v', 'key'),
        on: 'x.namespace = :namespace AND x.job = v.value AND x.instance = :instance',
      }),

    /** Nothing but the id is left. */
    bury: `UPDATE ${t.instances} SET is_gone = 1
      WHERE namespace = :namespace AND id = :instance AND dead_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM ${t.unsettled} AS x WHERE x.namespace = :namespace AND x.held_by = :instance)
        AND NOT EXISTS (SELECT 1 FROM ${t.handlers} AS h WHERE h.namespace = :namespace AND h.instance = :instance)`,

    ended: (limit: number): string => `SELECT x.seq, x.attempt FROM ${e} AS x
      WHERE x.namespace = :namespace AND x.scheduled_for < :before AND x.finished_at < :before
      ORDER BY x.scheduled_for ${bounded(limit)}`,
    removeExecutions: (): string => sql.remove({ table: e, from: seqs, on: 'x.seq = v.value' }),
    removeAttempts: (): string => sql.remove({ table: t.attempts, from: seqs, on: 'x.execution_seq = v.value' }),

    endedSpans: (limit: number): string => `SELECT job, from_at, reason FROM ${t.spans}
      WHERE namespace = :namespace AND to_at < :before ORDER BY to_at ${bounded(limit)}`,
    removeSpans: (): string =>
      sql.remove({
        table: t.spans,
        from: sql.rows(':rows', 'v', { job: 'key', from_at: 'integer', reason: 'key' }),
        on: 'x.namespace = :namespace AND x.job = v.job AND x.from_at = v.from_at AND x.reason = v.reason',
      }),

    /** A dead id is remembered as long as executions are: it is not used again. */
    purgeInstances: `DELETE FROM ${t.instances}
      WHERE namespace = :namespace AND is_gone = 1 AND lease_until < :before`,

    /** Counters that the time has passed by a day: a new one is greater all the same (rule 16). */
    idleFences: (limit: number): string => `SELECT ${sql.keyText('guard_key')} AS guard_key FROM ${t.fences}
      WHERE namespace = :namespace AND fence < ${clock.nowMicros} - 86400000000 ${bounded(limit)}`,
    removeFences: (): string =>
      sql.remove({
        table: t.fences,
        from: sql.list(':keys', 'v', 'key'),
        on: 'x.namespace = :namespace AND x.guard_key = v.value',
      }),

    absent: `SELECT name FROM ${t.jobs}
      WHERE namespace = :namespace AND absent_since < :absentBefore AND retired_at IS NULL ORDER BY name`,
    lockAbsent: `SELECT name FROM ${t.jobs}
      WHERE namespace = :namespace AND name = :job AND absent_since < :absentBefore AND retired_at IS NULL FOR UPDATE`,
  }
}
