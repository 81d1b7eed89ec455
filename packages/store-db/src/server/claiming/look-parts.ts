import { PUNCTUAL_MS } from '@escapement/core'
import type { ServerContext } from '../server-context.ts'

/** Ticks that a pass judges or takes before they are due; the rest follows with the next pass, at once. */
export const MOST_TICKS = 200

/** A priority of a queue, as SQL: names of columns or parameters. */
export interface LevelNames {
  readonly queue: string
  readonly priority: string
}

/** What looks are put together from. Each answers rows of the same columns, of which `kind` says what they are. */
export interface LookParts {
  /** What is read anew by each look: the time, the instance, the queues, ticks that are due, and ticks to come. */
  readonly always: readonly string[]
  /** The first of what has waited for long, which stands at the beginning of its index. */
  readonly fromTheStart: readonly string[]
  /** The same from where it is known to begin. */
  readonly fromTheStarts: readonly string[]
  /** On PostgreSQL, whose time moves within a statement, this tells how long it took; elsewhere it is `now`. */
  readonly end: string
  /** Selects what is said of a level; `first`: when its first row falls due. */
  readonly level: (names: LevelNames, first: string) => string
  /** The first row of a level. */
  readonly firstDue: (names: LevelNames, columns: string, condition: string) => string
  readonly together: (selects: readonly string[]) => string
}

/** See {@link LookParts}. */
export function lookParts({ tables: t, sql, clock }: ServerContext): LookParts {
  const u = t.unsettled
  // A subquery without a table is read once: on PostgreSQL the time moves within a statement, and an index cannot be
  // searched for what moves.
  const now = `(SELECT ${clock.nowMs})`
  const ahead = `(SELECT ${clock.nowMs} + ${sql.integer(':aheadMs')})`
  const punctual = `(SELECT ${clock.nowMs} - ${PUNCTUAL_MS})`
  const entry = (kind: string, values: string): string => `SELECT '${kind}' AS kind, ${values}`
  const unjudged = 'x.namespace = :namespace AND x.is_ledger = 1 AND x.unjudged_at'
  const firstTick = (kind: string, where: string, limit = 1): string =>
    `(${entry(kind, 'x.queue, x.job, x.seq, x.unjudged_at, x.is_ledger')} FROM ${u} AS x
        WHERE ${where} ORDER BY x.unjudged_at LIMIT ${limit})`
  const firstOf = (kind: string, column: string, since: string): string =>
    `(${entry(kind, `'', '', 0, x.${column}, 0`)} FROM ${u} AS x
        WHERE x.namespace = :namespace AND x.${column} ${since} ORDER BY x.${column} LIMIT 1)`
  const firstDue: LookParts['firstDue'] = ({ queue, priority }, columns, condition) =>
    `(SELECT ${columns} FROM ${u} AS x WHERE x.namespace = :namespace AND x.waiting_queue = ${queue}
          AND x.priority = ${priority} ${condition} ORDER BY x.due_at LIMIT 1)`
  return {
    always: [
      `(${entry('now', `'' AS queue, '' AS job, ${sql.integer('0')} AS seq, ${clock.nowMs} AS at, ${sql.integer('0')} AS next_at`)})`,
      `(${entry('instance', "'', '', 0, 0, 0")} FROM ${t.instances} AS i
        WHERE i.namespace = :namespace AND i.id = :instance AND i.dead_at IS NULL)`,
      `(${entry('queue', 'q.name, q.pauses, 0, q.cluster_limit, 0')} FROM ${sql.list(':queues', 'w', 'key')}
        ${sql.seek({ table: t.queues, alias: 'q', on: 'q.namespace = :namespace AND q.name = w.value' })}
        WHERE q.cluster_limit IS NOT NULL OR q.pauses <> '[]')`,
      firstTick('tick', `${unjudged} >= ${punctual} AND x.unjudged_at <= ${ahead}`, MOST_TICKS),
      firstTick('future', `${unjudged} > ${ahead}`),
      firstTick('future', `x.namespace = :namespace AND x.is_ledger = 0 AND x.unjudged_at > ${now}`),
    ],
    fromTheStart: [
      firstTick('late', `${unjudged} < ${punctual}`),
      firstOf('expiry', 'expiring_at', 'IS NOT NULL'),
      firstOf('skippable', 'skippable_at', 'IS NOT NULL'),
    ],
    fromTheStarts: [
      firstTick('late', `${unjudged} >= :late AND x.unjudged_at < ${punctual}`),
      firstOf('expiry', 'expiring_at', '>= :expiry'),
      firstOf('skippable', 'skippable_at', '>= :skippable'),
    ],
    end: `(${entry('end', `'', '', 0, ${clock.nowMs}, 0`)})`,
    level: (names, first) =>
      entry(
        'level',
        `${names.queue}, COALESCE(${firstDue(names, 'x.job', `AND x.due_at > ${now}`)}, ''), ${names.priority},
          ${first}, ${firstDue(names, 'x.due_at', `AND x.due_at > ${now}`)}`,
      ),
    firstDue,
    together: (selects) => selects.join('\n      UNION ALL '),
  }
}
