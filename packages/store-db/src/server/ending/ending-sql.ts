import type { ServerContext } from '../server-context.ts'
import { endingColumns } from './ending-columns.ts'
import { verdict, verdictRows } from './verdict.ts'

/** So many settled executions beyond what a job keeps go at a time. */
const SURPLUS_AT_ONCE = 20

/** Statements that end executions, each for many. */
export function endingSql(context: ServerContext) {
  const { tables: t, sql } = context
  const seqs = sql.list(':seqs', 'v', 'integer')
  return {
    end: (): string => verdict(context, { own: {}, from: verdictRows(context), given: (column) => `v.${column}` }),
    settled: (): string => sql.remove({ table: t.unsettled, from: seqs, on: 'x.seq = v.value' }),

    removeAttempts: (): string => sql.remove({ table: t.attempts, from: seqs, on: 'x.execution_seq = v.value' }),

    histories: `SELECT r.job, r.revision, ${sql.jsonText('r.spec', ['history'])} AS history
      FROM ${sql.rows(':rows', 'v', { job: 'key', revision: 'integer' })}
      ${sql.seek({ table: t.job_revisions, alias: 'r', on: 'r.namespace = :namespace AND r.job = v.job AND r.revision = v.revision' })}`,

    markKept: (): string =>
      sql.updateLocked({ table: t.executions, from: seqs, on: 'x.seq = v.value', set: { is_kept: '1' } }),

    /** Settled executions beyond the newest that their jobs keep. */
    surplus: `SELECT k.seq FROM (
        SELECT x.seq, v.keep, ROW_NUMBER() OVER (PARTITION BY x.job ORDER BY x.kept_at DESC, x.seq DESC) AS place
        FROM ${sql.rows(':rows', 'v', { job: 'key', keep: 'integer' })}
        ${sql.seek({ table: t.executions, alias: 'x', on: 'x.namespace = :namespace AND x.job = v.job AND x.kept_at IS NOT NULL' })}
      ) AS k WHERE k.place > k.keep AND k.place <= k.keep + ${SURPLUS_AT_ONCE} ORDER BY k.seq`,

    /** Whoever finds the same surplus lets it go once: each passes over what another has locked. */
    lockSurplus: `SELECT ${endingColumns(sql)}, x.status
      FROM ${seqs} ${sql.seek({ table: t.executions, alias: 'x', on: 'x.seq = v.value AND x.is_kept = 1', through: 'PRIMARY' })}
      ORDER BY x.seq FOR UPDATE SKIP LOCKED`,
  }
}
