import type { RowColumns } from '../server-sql.ts'
import type { ServerContext } from '../server-context.ts'

const KEY: RowColumns = { job: 'key', from_at: 'integer', reason: 'key' }
const SPAN: RowColumns = { ...KEY, to_at: 'integer', revision: 'integer', count: 'integer' }
const IS_ROW = 'x.namespace = :namespace AND x.job = v.job AND x.from_at = v.from_at AND x.reason = v.reason'

/** Statements about spans, each for many. */
export function spansSql({ tables: t, sql }: ServerContext) {
  const columns = 's.job, s.revision, s.from_at, s.to_at, s.count, s.reason'
  const isAround = `s.namespace = :namespace AND s.job = v.job
        AND s.from_at >= COALESCE((SELECT MAX(b.from_at) FROM ${t.spans} AS b
          WHERE b.namespace = :namespace AND b.job = v.job AND b.from_at <= v.low), v.low)
        AND s.from_at <= COALESCE((SELECT MIN(a.from_at) FROM ${t.spans} AS a
          WHERE a.namespace = :namespace AND a.job = v.job AND a.from_at > v.high), v.high)`
  const columnsOfSpan = Object.keys(SPAN).join(', ')
  return {
    /** For each job the spans from the last that begins at or before `low` to the first that begins behind `high`. */
    around: `SELECT ${columns} FROM ${sql.rows(':rows', 'v', { job: 'key', low: 'integer', high: 'integer' })}
      ${sql.seek({ table: t.spans, alias: 's', on: isAround })}
      ORDER BY s.job, s.from_at, s.reason FOR UPDATE`,

    /** Spans of a job that touch [low, high], the latest first. */
    touching: `SELECT ${columns} FROM ${t.spans} AS s
      WHERE s.namespace = :namespace AND s.job = :job AND s.from_at <= :high AND s.to_at >= :low
      ORDER BY s.from_at DESC FOR UPDATE`,

    /** Which gaps have a tick with an execution strictly inside. */
    occupied: `SELECT v.gap FROM ${sql.rows(':rows', 'v', { gap: 'integer', job: 'key', low: 'integer', high: 'integer' })}
      WHERE EXISTS (SELECT 1 FROM ${t.executions} AS x WHERE x.namespace = :namespace AND x.job = v.job
        AND x.is_ledger = 1 AND x.scheduled_for > v.low AND x.scheduled_for < v.high)`,

    /** One that was inserted meanwhile grows. */
    insert: `INSERT INTO ${t.spans} (namespace, ${columnsOfSpan})
      SELECT :namespace, ${columnsOfSpan} FROM ${sql.rows(':rows', 'v', SPAN)} WHERE v.job IS NOT NULL
      ${sql.updateExisting('namespace, job, from_at, reason', [
        `to_at = GREATEST(${t.spans}.to_at, ${sql.given('to_at')})`,
        `count = ${t.spans}.count + ${sql.given('count')}`,
      ])}`,

    change: (): string =>
      sql.updateLocked({
        table: t.spans,
        from: sql.rows(':rows', 'v', SPAN),
        on: IS_ROW,
        set: { to_at: 'v.to_at', count: 'v.count' },
      }),

    remove: (): string => sql.remove({ table: t.spans, from: sql.rows(':rows', 'v', KEY), on: IS_ROW }),
  }
}
