import type { RunContext } from '@escapement/core'
import { sql } from 'kysely'
import type { Database } from './tables.ts'

const NOW = sql<number>`extract(epoch FROM clock_timestamp()) * 1000`

/**
 * Writes down when `work` began and ended, by the clock of the server, so that it can be judged afterwards what ran when.
 * Whoever is killed in between leaves a row without an end.
 */
export async function recorded<Result>(
  db: Database,
  instance: string,
  { executionId, attempt, job }: Pick<RunContext, 'executionId' | 'attempt' | 'job'>,
  work: () => Promise<Result>,
): Promise<Result> {
  await db
    .insertInto('cluster_runs')
    .values({ execution_id: executionId, attempt, job, instance, started_at: NOW, ended_at: null })
    .execute()
  const result = await work()
  await db
    .updateTable('cluster_runs')
    .set({ ended_at: NOW })
    .where('execution_id', '=', executionId)
    .where('attempt', '=', attempt)
    .execute()
  return result
}
