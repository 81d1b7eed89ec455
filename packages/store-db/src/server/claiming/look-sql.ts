import { PUNCTUAL_MS } from '@escapement/core'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'

/** Ticks that a pass judges or takes before they are due; the rest follows with the next pass, at once. */
export const MOST_TICKS = 200
/** Entries of the index that are read to find ticks of the instance's own jobs, and late ones. */
const MOST_SEARCHED = 20_000
/** Rows of other instances' jobs that are passed over; behind them the instance only wakes a little too early. */
export const MOST_PASSED = 200

function together(selects: readonly string[]): string {
  return selects.join('\n      UNION ALL ')
}

/** Statements that look and lock nothing. */
export function lookSql(context: ServerContext) {
  const { tables: t, sql, clock } = context
  const u = t.unsettled
  // A subquery without a table is read once: on PostgreSQL the time moves within a statement, and an index cannot be
  // searched for what moves.
  const now = `(SELECT ${clock.nowMs})`
  const ahead = `(SELECT ${clock.nowMs} + ${sql.integer(':aheadMs')})`
  const punctual = `(SELECT ${clock.nowMs} - ${PUNCTUAL_MS})`
  const entry = (kind: string, values: string): string => `SELECT '${kind}' AS kind, ${values}`
  const unjudged = 'x.namespace = :namespace AND x.is_ledger = 1 AND x.unjudged_at'
  const inLevel = 'x.namespace = :namespace AND x.waiting_queue = l.queue AND x.priority = l.priority'
  const ofQueue = (queue: string): string => `x.namespace = :namespace AND x.waiting_queue = ${queue}`
  const firstTick = (kind: string, where: string, limit = 1): string =>
    `(${entry(kind, 'x.queue, x.job, x.seq, x.unjudged_at, x.is_ledger')} FROM ${u} AS x
        WHERE ${where} ORDER BY x.unjudged_at LIMIT ${limit})`
  const always = [
    `(${entry('now', `'' AS queue, '' AS job, ${sql.integer('0')} AS seq, ${clock.nowMs} AS at, ${sql.integer('0')} AS next_at`)})`,
    `(${entry('instance', "'', '', 0, 0, 0")} FROM ${t.instances} AS i
        WHERE i.namespace = :namespace AND i.id = :instance AND i.dead_at IS NULL)`,
    `(${entry('queue', 'q.name, q.pauses, 0, q.cluster_limit, 0')} FROM ${sql.list(':queues', 'w', 'key')}
        ${sql.seek({ table: t.queues, alias: 'q', on: 'q.namespace = :namespace AND q.name = w.value' })}
        WHERE q.cluster_limit IS NOT NULL OR q.pauses <> '[]')`,
    firstTick('tick', `${unjudged} >= ${punctual} AND x.unjudged_at <= ${ahead}`, MOST_TICKS),
    firstTick('future', `${unjudged} > ${ahead}`),
    firstTick('future', `x.namespace = :namespace AND x.is_ledger = 0 AND x.unjudged_at > ${now}`),
  ]
  /** On PostgreSQL, whose time moves within a statement, this tells how long it took; elsewhere it is `now`. */
  const end = `(${entry('end', `'', '', 0, ${clock.nowMs}, 0`)})`
  const firstOf = (kind: string, column: string, since: string): string =>
    `(${entry(kind, `'', '', 0, x.${column}, 0`)} FROM ${u} AS x
        WHERE x.namespace = :namespace AND x.${column} ${since} ORDER BY x.${column} LIMIT 1)`
  /** What has waited for long stands at the beginning of its index. */
  const fromTheStart = [
    firstTick('late', `${unjudged} < ${punctual}`),
    firstOf('expiry', 'expiring_at', 'IS NOT NULL'),
    firstOf('skippable', 'skippable_at', 'IS NOT NULL'),
  ]
  const fromTheStarts = [
    firstTick('late', `${unjudged} >= :late AND x.unjudged_at < ${punctual}`),
    firstOf('expiry', 'expiring_at', '>= :expiry'),
    firstOf('skippable', 'skippable_at', '>= :skippable'),
  ]
  const starts = `(SELECT v.* FROM ${sql.rows(':starts', 'v', { queue: 'key', priority: 'integer', since: 'integer' })})`
  const firstDue = (columns: string, condition: string): string =>
    `(SELECT ${columns} FROM ${u} AS x WHERE ${inLevel} ${condition} ORDER BY x.due_at LIMIT 1)`
  const ofLevels = (from: string, first: string): string => `(${entry('level', 'l.queue')},
          COALESCE(${firstDue('x.job', `AND x.due_at > ${now}`)}, ''),
          l.priority, ${first}, ${firstDue('x.due_at', `AND x.due_at > ${now}`)}
        FROM ${from} AS l)`
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
      ${together([...always, ...fromTheStart, ofLevels(levels, 'l.since'), end])}`,

    /**
     * The same from where rows are known to begin, and of no other priority than those given. It reads no entry of what
     * is over, of which an old transaction can keep any number.
     */
    lookOn: (): string =>
      together([...always, ...fromTheStarts, ofLevels(starts, firstDue('x.due_at', 'AND x.due_at >= l.since')), end]),

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
