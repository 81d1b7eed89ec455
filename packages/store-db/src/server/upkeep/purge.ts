import { integerOf } from '@escapement/db'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import type { Statements } from '../statements.ts'
import { inSteps } from './in-steps.ts'
import type { upkeepSql } from './upkeep-sql.ts'

type Sql = Statements<ReturnType<typeof upkeepSql>>

/** Deletes executions, with their attempts, and spans that ended before a time, and what else is idle for long. */
export async function purge(
  context: ServerContext,
  sql: Sql,
  namespace: string,
  before: number,
  limit: number,
): Promise<number> {
  await context.run(sql.purgeInstances, { namespace, before })
  await inSteps(context, limit, async (session, asked) => {
    const { rows } = await session.run<{ guard_key: string }>(sql.idleFences(asked), { namespace })
    const keys = rows.map((row) => row.guard_key)
    if (keys.length > 0) await session.run(sql.removeFences, { namespace, keys })
    return keys.length
  })
  const executions = await inSteps(context, limit, async (session, asked) => {
    const { rows } = await session.run<EndedRow>(sql.ended(asked), { namespace, before })
    if (rows.length === 0) return 0
    const attempted = rows.filter(({ attempt }) => integerOf(attempt) > 0)
    await session.run(sql.removeExecutions, { seqs: rows.map(({ seq }) => integerOf(seq)) })
    if (attempted.length > 0)
      await session.run(sql.removeAttempts, { seqs: attempted.map(({ seq }) => integerOf(seq)) })
    return rows.length
  })
  const spans = await inSteps(context, limit - executions, async (session, asked) => {
    const { rows } = await session.run<SpanRow>(sql.endedSpans(asked), { namespace, before })
    const keys = rows.map(({ job, from_at: from, reason }) => ({ job, from_at: integerOf(from), reason }))
    if (keys.length > 0) await session.run(sql.removeSpans, { namespace, rows: rowsText(keys) })
    return keys.length
  })
  return executions + spans
}

interface EndedRow {
  readonly seq: unknown
  readonly attempt: unknown
}

interface SpanRow {
  readonly job: string
  readonly from_at: unknown
  readonly reason: string
}
