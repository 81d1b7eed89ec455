import { CHANGING_COLUMNS } from '../changing-columns.ts'
import type { ServerContext } from '../server-context.ts'

/** What a plain success brings to its execution beside the verdict. */
const BROUGHT: Readonly<Record<string, string>> = {
  started_at: 'u.given_started_at',
  progress: 'COALESCE(u.given_progress, u.progress)',
  status: "'succeeded'",
  finished_at: 'u.given_finished_at',
  output: 'u.given_output',
}

/**
 * Plain successes by one statement, for servers that pass on what they change (PostgreSQL).
 *
 * Invariants: a row goes only while it holds the fence of its settlement, compared under its lock: a locking read follows
 * a row to its newest version (rules 3 and 16). All rows that are named are locked, by `seq`, as everywhere, also those that
 * are not meant, but settled after it in the same transaction: what says so comes out of the locking read, or it would be
 * asked before. What another has settled, taken or abandoned meanwhile is not answered, and is for the pass.
 *
 * Every row is sought by its key or place, one by one. OFFSET 0 keeps the planner from turning a search around, which looks
 * cheaper while a table is small, and a plan outlives that. An execution without a verdict is only changed under the lock
 * of its unsettled row, so that it is still where it was found.
 */
export function fastSettleSql({ tables: t }: ServerContext) {
  const locked = (condition: string): string => `u AS MATERIALIZED (
        SELECT x.*, v.started_at AS given_started_at, v.finished_at AS given_finished_at,
          v.progress AS given_progress, v.output AS given_output, v.place
        FROM (SELECT v.*, e.seq AS seq_of_id, e.ctid AS place
            FROM unnest((SELECT :ids::text[]), (SELECT :fences::bigint[]), (SELECT :startedAt::bigint[]),
              (SELECT :finishedAt::bigint[]), (SELECT :progress::smallint[]), (SELECT :outputs::text[]), (SELECT :meant::boolean[]))
              AS v (id, fence, started_at, finished_at, progress, output, is_meant)
            CROSS JOIN LATERAL (SELECT e.seq, e.ctid FROM ${t.executions} AS e
              WHERE e.namespace = :namespace AND e.id = v.id OFFSET 0) AS e
            ORDER BY e.seq) AS v
          CROSS JOIN LATERAL (SELECT x.*, v.is_meant FROM ${t.unsettled} AS x
            WHERE x.seq = v.seq_of_id OFFSET 0 FOR UPDATE) AS x
        WHERE x.is_meant AND x.fence = v.fence AND x.status IN ('claimed', 'running') AND x.abandoned_at IS NULL ${condition}
      )`
  const closed = (ended: string): string => `closed AS (
        DELETE FROM ${t.unsettled} AS x WHERE x.seq = ANY(ARRAY(SELECT e.seq FROM ${ended} AS e)) RETURNING x.id, x.due_at
      )
      SELECT c.id, c.due_at FROM closed AS c`
  const carried = CHANGING_COLUMNS.filter((column) => !(column in BROUGHT)).map((column) => [column, `u.${column}`])
  const set = [...carried, ...Object.entries(BROUGHT)].map(([column, value]) => `${column} = ${value}`).join(', ')
  return {
    /** Answers the executions whose verdict this is. */
    keep: `WITH ${locked('')}, ended AS (
        UPDATE ${t.executions} AS x SET ${set} FROM u WHERE x.ctid = u.place RETURNING x.seq
      ), ${closed('ended')}`,

    /** Those whose rows nothing needs any more go. */
    forget: `WITH ${locked('AND x.dedupe_key IS NULL AND x.attempt = 1')}, gone AS (
        DELETE FROM ${t.executions} AS x WHERE x.seq = ANY(ARRAY(SELECT u.seq FROM u)) RETURNING x.seq
      ), ${closed('gone')}`,
  }
}
