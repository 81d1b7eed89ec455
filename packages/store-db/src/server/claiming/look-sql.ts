import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'
import { lookParts } from './look-parts.ts'

/** Entries of the index that are read to find ticks of the instance's own jobs, and late ones. */
const MOST_SEARCHED = 20_000
/** Rows of other instances' jobs that are passed over; behind them the instance only wakes a little too early. */
export const MOST_PASSED = 200

/** Statements that look and lock nothing. */
export function lookSql(context: ServerContext) {
  const { tables: t, sql } = context
  const u = t.unsettled
  const { always, fromTheStart, fromTheStarts, end, level, firstDue, together } = lookParts(context)
  const unjudged = 'x.namespace = :namespace AND x.is_ledger = 1 AND x.unjudged_at'
  const ofQueue = (queue: string): string => `x.namespace = :namespace AND x.waiting_queue = ${queue}`
  const l = { queue: 'l.queue', priority: 'l.priority' }
  const starts = `(SELECT v.* FROM ${sql.rows(':starts', 'v', { queue: 'key', priority: 'integer', since: 'integer' })})`
  const firstOfQueue = (queue: string, condition: string): string =>
    `(SELECT x.seq FROM ${u} AS x WHERE ${ofQueue(queue)} ${condition} ORDER BY x.priority DESC, x.due_at LIMIT 1)`
  const levels = `(SELECT f.queue, x.priority, x.due_at AS since FROM firsts AS f ${seekUnsettled(context, 'x.seq = f.seq')})`
  return {
    /**
     * Everything that says whether a pass can do anything, and when the next row falls due: the instance, ticks without
     * a verdict, what waited too long, runs that would not wait, and each priority at which something waits in a queue.
     */
    look: `WITH RECURSIVE firsts (queue, seq) AS (
        SELECT v.value, ${firstOfQueue('v.value', '')} FROM ${sql.list(':queues', 'v', 'key')}
        UNION ALL
        SELECT f.queue, ${firstOfQueue('f.queue', `AND x.priority < (SELECT p.priority FROM ${u} AS p WHERE p.seq = f.seq)`)}
        FROM firsts AS f WHERE f.seq IS NOT NULL
      )
      ${together([...always, ...fromTheStart, `(${level(l, 'l.since')} FROM ${levels} AS l)`, end])}`,

    /**
     * The same from where rows are known to begin, and of no other priority than those given. It reads no entry of what
     * is over, of which an old transaction can keep any number.
     */
    lookOn: (): string =>
      together([
        ...always,
        ...fromTheStarts,
        `(${level(l, firstDue(l, 'x.due_at', 'AND x.due_at >= l.since'))} FROM ${starts} AS l)`,
        end,
      ]),

    /** Whose ticks without a verdict fall due in [from, to], earliest first; only the index is read. */
    searchTicks: `SELECT x.seq, x.job, x.queue, x.unjudged_at AS at FROM ${u} AS x
      WHERE ${unjudged} >= :since AND x.unjudged_at <= :until ORDER BY x.unjudged_at LIMIT ${MOST_SEARCHED}`,

    /** Jobs with ticks without a verdict that are late; only the index is read. */
    lateJobs: `SELECT DISTINCT l.job FROM (SELECT x.job FROM ${u} AS x
      WHERE ${unjudged} < :before ORDER BY x.unjudged_at LIMIT ${MOST_SEARCHED}) AS l`,

    /** When rows fall due next, earliest first. */
    futureTicks: `SELECT x.job, x.queue, x.unjudged_at AS at FROM ${u} AS x
      WHERE x.namespace = :namespace AND x.is_ledger = :isLedger AND x.unjudged_at > :after
      ORDER BY x.unjudged_at LIMIT ${MOST_PASSED}`,
    futureOfLevel: `SELECT x.job, x.queue, x.due_at AS at FROM ${u} AS x
      WHERE ${ofQueue(':queue')} AND x.priority = :priority AND x.due_at > :after
      ORDER BY x.due_at LIMIT ${MOST_PASSED}`,
  }
}
