import { integerOf, type SqlSession, type Statement } from '@escapement/db'
import { MINUTE_MS } from '../../stats/stats-change.ts'
import { numbersOf } from '../../stats/stats-row.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { BUCKET_COLUMNS, bucketRowOf } from '../statistics/bucket-row.ts'
import type { ServerStatistics } from '../statistics/statistics.ts'
import { inSteps } from './in-steps.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** What is folded by age: buckets of a width into wider ones, once they are so old. Milliseconds. */
const AGES = [
  { width: MINUTE_MS, wider: HOUR_MS, keptMs: DAY_MS },
  { width: HOUR_MS, wider: DAY_MS, keptMs: 30 * DAY_MS },
] as const

/** Folds statistics: those of dead instances into one, old ones into wider buckets. */
export class StatsFolding {
  readonly #context: ServerContext
  readonly #statistics: ServerStatistics
  readonly #sql: Statements<ReturnType<typeof foldingSql>>

  constructor(context: ServerContext, statistics: ServerStatistics) {
    this.#context = context
    this.#statistics = statistics
    this.#sql = statements(foldingSql(context))
  }

  /** Folds up to `limit` buckets, and answers how many. */
  async fold(namespace: string, limit: number): Promise<number> {
    const found = await this.#context.run<{ instance: string }>(this.#sql.deadWithStats, { namespace })
    let folded = 0
    for (const { instance } of found.rows) {
      folded += await inSteps(this.#context, limit - folded, (session, asked) =>
        this.#move(session, namespace, this.#sql.ofInstance(asked), { instance }, null),
      )
    }
    const now = integerOf((await this.#context.run<{ now: unknown }>(this.#sql.now)).rows[0]?.now)
    for (const { width, wider, keptMs } of AGES) {
      folded += await inSteps(this.#context, limit - folded, (session, asked) =>
        this.#move(session, namespace, this.#sql.aged(asked), { width, latest: now - keptMs - width }, wider),
      )
    }
    return folded
  }

  /** Adds buckets to those of no instance, of a width or their own, and removes them. */
  async #move(
    session: SqlSession,
    namespace: string,
    select: Statement,
    parameters: Readonly<Record<string, string | number>>,
    wider: number | null,
  ): Promise<number> {
    const { rows } = await session.run(select, { namespace, ...parameters })
    const buckets = rows.map(bucketRowOf)
    await this.#statistics.remove(session, namespace, buckets)
    await this.#statistics.add(
      session,
      namespace,
      buckets.map((row) => {
        const width = wider ?? row.width
        const bucket = Math.floor(row.bucket / width) * width
        return { job: row.job, instance: '', bucket, width, numbers: numbersOf(row) }
      }),
    )
    return buckets.length
  }
}

/** Statements that find what is to be folded. */
export function foldingSql({ tables: t, sql, clock }: ServerContext) {
  const bounded = (limit: number): string => `LIMIT ${limit} FOR UPDATE SKIP LOCKED`
  return {
    now: `SELECT ${clock.nowMs} AS now`,

    /** Instances that do not live and have counted anything. */
    deadWithStats: `SELECT d.value AS instance FROM ${sql.distinct(t.stats, 'instance', 'd')}
      WHERE d.value <> '' AND NOT EXISTS (SELECT 1 FROM ${t.instances} AS i
        WHERE i.namespace = :namespace AND i.id = d.value AND i.dead_at IS NULL)`,

    ofInstance: (limit: number): string => `SELECT ${BUCKET_COLUMNS} FROM ${t.stats}
      WHERE namespace = :namespace AND instance = :instance ${bounded(limit)}`,

    aged: (limit: number): string => `SELECT ${BUCKET_COLUMNS} FROM ${t.stats}
      WHERE namespace = :namespace AND width = :width AND bucket <= :latest ORDER BY bucket ${bounded(limit)}`,
  }
}
