import type { Scheduler } from '@escapement/core'
import { sql } from 'kysely'
import type { Database } from '../tables/tables.ts'

const SECOND = 1_000

/** What became of all that was to be done, by id, read from the database when everything has stopped. */
export interface Verdict {
  readonly pulses: { readonly due: number; readonly ran: number; readonly others: readonly string[] }
  readonly labels: { readonly asked: number; readonly printed: number; readonly mostAtOnce: number }
  readonly stocktakes: { readonly counted: number; readonly mostAtOnce: number }
  /** How many executions were begun by each instance. */
  readonly shares: ReadonlyMap<string, number>
}

/** What is judged. Instants in Unix milliseconds of the server's clock. */
export interface JudgedRun {
  readonly db: Database
  readonly scheduler: Scheduler
  readonly from: number
  readonly to: number
  readonly labels: readonly string[]
}

export async function readVerdict({ db, scheduler, from, to, labels }: JudgedRun): Promise<Verdict> {
  const ticks = await scheduler.ticks('pulse', { from, to, limit: 10_000 })
  const ran = ticks.filter(({ verdict }) => verdict === 'succeeded')
  const printed = await Promise.all(labels.map((id) => scheduler.execution(id)))
  const stock = await db.selectFrom('cluster_stock').select('counted').executeTakeFirstOrThrow()
  const shares = await db
    .selectFrom('cluster_runs')
    .select((eb) => ['instance', eb.fn.countAll<string>().as('runs')])
    .groupBy('instance')
    .orderBy('instance')
    .execute()
  return {
    pulses: {
      due: Math.floor(to / SECOND) - Math.ceil(from / SECOND) + 1,
      ran: new Set(ran.map(({ executionId }) => executionId)).size,
      others: ticks.filter(({ verdict }) => verdict !== 'succeeded').map(({ because }) => because),
    },
    labels: {
      asked: labels.length,
      printed: printed.filter((found) => found?.execution.status === 'succeeded').length,
      mostAtOnce: await mostAtOnce(db, 'label'),
    },
    stocktakes: { counted: stock.counted, mostAtOnce: await mostAtOnce(db, 'stocktake') },
    shares: new Map(shares.map(({ instance, runs }) => [instance, Number(runs)])),
  }
}

/** Whether everything was as promised. */
export function isAsPromised({ pulses, labels, stocktakes }: Verdict): boolean {
  const isComplete = pulses.ran === pulses.due && pulses.others.length === 0 && labels.printed === labels.asked
  return isComplete && labels.mostAtOnce <= 2 && stocktakes.mostAtOnce <= 1
}

/**
 * How many handlers of a job ran to their end at the same time at most. One that was killed has no end. One whose lease was
 * lost has a successor, beside which it may run on until it hears of that; it does not count.
 */
async function mostAtOnce(db: Database, job: string): Promise<number> {
  const { rows } = await sql<{ most: string | null }>`
    WITH held AS (
      SELECT run.started_at, run.ended_at FROM cluster_runs AS run
      WHERE run.job = ${job} AND run.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cluster_runs AS successor
        WHERE successor.execution_id = run.execution_id AND successor.attempt > run.attempt)
    )
    SELECT max(at_once) AS most FROM (
      SELECT (SELECT count(*) FROM held AS other
        WHERE other.started_at <= run.started_at AND other.ended_at > run.started_at) AS at_once
      FROM held AS run) AS counted`.execute(db)
  return Number(rows[0]?.most ?? 0)
}
