import type { Settlement, SettleResult } from '@escapement/core'
import type { SqlSession } from '@escapement/db'
import { visibleStatus } from '../../execution/execution-row.ts'
import { isRecordOf, needsRow } from '../../settle/attempt-record.ts'
import { isKept } from '../../settle/ending-row.ts'
import type { SettledExecution, SettledMemory } from '../../settle/settled-memory.ts'
import { eventOf, type SettledRow, statusAfter } from '../../settle/settlement-verdict.ts'
import type { EndedExecution, ServerEndings } from '../ending/endings.ts'
import { readNumbers } from '../read-numbers.ts'
import { type RowObject, rowsText } from '../rows-text.ts'
import type { Statements } from '../statements.ts'
import type { Closing } from './closing.ts'
import type { Settled } from './settled.ts'
import { SETTLED_NUMBERS, type settlingSql } from './settling-sql.ts'

/** What settling uses. */
export interface SettleParts {
  readonly sql: Statements<ReturnType<typeof settlingSql>>
  readonly closing: Closing
  readonly endings: ServerEndings
  readonly memory: SettledMemory
}

/** A settlement that is to be written. */
interface Write {
  readonly row: SettledRow
  readonly given: Settlement
  readonly status: ReturnType<typeof statusAfter>
  /** False: the end of what was abandoned, whose attempt is recorded. */
  readonly isFirst: boolean
}

/** An attempt as it was recorded. */
interface Recorded {
  readonly execution_seq: number
  readonly number: number
  readonly fence: number
  readonly outcome: string
}

/** Settles a batch in which each execution stands once: locks, decides, writes. */
export async function settleBatch(
  session: SqlSession,
  parts: SettleParts,
  namespace: string,
  settlements: readonly Settlement[],
): Promise<Settled> {
  const { sql, memory } = parts
  const ids = settlements.map(({ executionId }) => executionId).toSorted() // ids grow with the time, as `seq` does
  const found = await session.run(sql.lock, { namespace, ids })
  const rowOf = new Map(found.rows.map(settledRowOf).map((row) => [row.id, row]))
  const missing = ids.filter((id) => !rowOf.has(id))
  if (missing.length > 0) {
    const { rows } = await session.run(sql.settled, { namespace, ids: missing })
    for (const row of rows.map(settledRowOf)) rowOf.set(row.id, row)
  }
  const recorded = await recordedOf(session, sql, settlements, rowOf)
  const writes: Write[] = []
  const results = settlements.map((given): SettleResult => {
    const { executionId } = given
    const row = rowOf.get(executionId)
    if (row === undefined) {
      const status = memory.recall(namespace, executionId, given.fence)
      return { executionId, result: status === null ? 'stale' : 'repeated', status }
    }
    const isHeld = isHeldBy(row, given)
    if (isRecordOf(row, given)) return { executionId, result: 'repeated', status: 'succeeded' }
    if (recorded.some((attempt) => isOf(attempt, row, given))) {
      const endsAbandoned = isHeld && given.abandonedAt === null
      if (!endsAbandoned) return { executionId, result: 'repeated', status: visibleStatus(row.status) }
    } else if (!isHeld) {
      return { executionId, result: 'stale', status: null }
    }
    const status = statusAfter(row, given)
    writes.push({ row, given, status, isFirst: row.abandoned_at === null })
    return { executionId, result: 'settled', status }
  })
  const gone = await write(session, parts, namespace, writes)
  const events = writes.map(({ row, given, status, isFirst }) => eventOf(row, given, status, isFirst))
  return { results, events, gone }
}

function settledRowOf(row: object): SettledRow {
  return readNumbers<SettledRow>(row, SETTLED_NUMBERS)
}

function isHeldBy(row: SettledRow, { fence }: Settlement): boolean {
  return row.fence === Number(fence) && (row.status === 'claimed' || row.status === 'running')
}

/** Whether an attempt came of this settlement; one that recovery ended as interrupted did not. */
function isOf(attempt: Recorded, row: SettledRow, given: Settlement): boolean {
  return (
    attempt.execution_seq === row.seq &&
    attempt.number === given.attempt &&
    attempt.fence === Number(given.fence) &&
    (attempt.outcome !== 'interrupted' || given.outcome === 'interrupted')
  )
}

/** The attempts of executions that are not held, or whose handler ran on after its attempt had ended. */
async function recordedOf(
  session: SqlSession,
  sql: SettleParts['sql'],
  settlements: readonly Settlement[],
  rowOf: ReadonlyMap<string, SettledRow>,
): Promise<readonly Recorded[]> {
  const seqs = settlements.flatMap((given) => {
    const row = rowOf.get(given.executionId)
    if (row === undefined || isRecordOf(row, given)) return []
    return isHeldBy(row, given) && row.abandoned_at === null ? [] : [row.seq]
  })
  if (seqs.length === 0) return []
  const { rows } = await session.run(sql.recorded, { seqs })
  return rows.map((row) => readNumbers<Recorded>(row, ['execution_seq', 'number', 'fence']))
}

async function write(
  session: SqlSession,
  { sql, closing, endings }: SettleParts,
  namespace: string,
  writes: readonly Write[],
): Promise<readonly SettledExecution[]> {
  const ended = writes.flatMap(({ row, given: { history }, status }): EndedExecution[] =>
    status === 'scheduled' || status === 'running'
      ? []
      : [{ row, status, history, hasAttempts: row.attempt > 1 || row.abandoned_at !== null }],
  )
  const gone = new Set(ended.filter(({ row, status, history }) => !isKept(row, status, history)).map(({ row }) => row))
  const kept = writes.filter(({ row }) => !gone.has(row)).toSorted((a, b) => a.row.seq - b.row.seq)
  const [open, closed] = [kept.filter(isOpen), kept.filter((each) => !isOpen(each))]
  if (open.length > 0) await session.run(sql.goOn, { rows: rowsText(open.map(openObject)) })
  await closing.close(session, closed.map(closedObject))
  const attempts = open.filter(({ isFirst }) => isFirst).map(attemptObject)
  if (attempts.length > 0) await session.run(sql.recordAttempts, { rows: rowsText(attempts) })
  return await endings.applyHistory(session, namespace, ended)
}

function isOpen({ status }: Write): boolean {
  return status === 'scheduled' || status === 'running'
}

function openObject(written: Write): RowObject {
  const { row, given, status } = written
  const isAgain = status === 'scheduled'
  return {
    ...spentObject(written),
    status,
    due_at: isAgain ? (given.dueAt ?? row.due_at) : row.due_at,
    abandoned_at: isAgain ? null : (given.abandonedAt ?? row.abandoned_at),
    claimed_at: isAgain ? null : row.claimed_at,
    was_interrupted: Number(given.spends === 'interruption'),
  }
}

function closedObject(written: Write): RowObject {
  const { row, given, status, isFirst } = written
  return {
    ...spentObject(written),
    status,
    reason: status === given.status ? given.reason : null,
    finished_at: given.finishedAt,
    abandoned_at: given.abandonedAt ?? row.abandoned_at,
    output: given.output,
    ...outcomeObject(given),
    has_row: Number(isFirst && needsRow(given, status)),
  }
}

function spentObject({ row, given }: Write): RowObject {
  return {
    seq: row.seq,
    started_at: given.startedAt,
    retries: row.retries + Number(given.spends === 'retry'),
    interruptions: row.interruptions + Number(given.spends === 'interruption'),
    progress: given.progress === null ? null : Math.floor(given.progress),
  }
}

function attemptObject({ row, given }: Write): RowObject {
  const { attempt, instance, startedAt, finishedAt } = given
  return {
    execution_seq: row.seq,
    number: attempt,
    instance,
    fence: row.fence,
    claimed_at: row.claimed_at ?? startedAt,
    started_at: startedAt,
    finished_at: finishedAt,
    ...outcomeObject(given),
  }
}

function outcomeObject({ outcome, error, log }: Settlement): RowObject {
  return {
    outcome,
    error: error === null ? null : JSON.stringify(error),
    log: log.length === 0 ? null : JSON.stringify(log),
  }
}
