import type { ExecutionStatus, Settlement, SettleResult, SettleStore } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import { isRecordOf, needsRow } from '../settle/attempt-record.ts'
import { isKept } from '../settle/ending-row.ts'
import { SettledMemory } from '../settle/settled-memory.ts'
import { eventOf, type SettledRow, statusAfter } from '../settle/settlement-verdict.ts'
import type { StatsEvent } from '../stats/stats-change.ts'
import { visibleStatus } from '../execution/execution-row.ts'
import { SqliteEndings } from './ending.ts'
import { settlingSql } from './settling-sql.ts'
import type { SqliteContext } from './sqlite-context.ts'

/** Settlements of one write: about a millisecond of work. As many as there is time for share a transaction. */
const AT_ONCE = 50

/** What a transaction gathers beside its results. */
interface Batch {
  readonly session: SqliteSession
  readonly namespace: string
  /** The rows as they were before the batch. */
  readonly rows: Map<string, SettledRow>
  readonly events: StatsEvent[]
}

/** From ended attempts to verdicts on SQLite. */
export function sqliteSettling(context: SqliteContext): SettleStore {
  const sql = settlingSql(context.tables)
  const endings = new SqliteEndings(context.tables)
  const memory = new SettledMemory() // told before the commit: nobody asks it while the row is there

  const settleOne = (batch: Batch, given: Settlement): SettleResult => {
    const { executionId } = given
    const row = batch.rows.get(executionId)
    if (row === undefined) {
      const status = memory.recall(batch.namespace, executionId, given.fence)
      return { executionId, result: status === null ? 'stale' : 'repeated', status }
    }
    const isHeld = row.fence === Number(given.fence) && (row.status === 'claimed' || row.status === 'running')
    const isFirst = isHeld && row.abandoned_at === null
    if (!isFirst && isRecorded(batch, row, given)) {
      const endsAbandoned = isHeld && given.abandonedAt === null
      if (!endsAbandoned) return { executionId, result: 'repeated', status: visibleStatus(row.status) }
    } else if (!isHeld) {
      return { executionId, result: 'stale', status: null }
    }
    return { executionId, result: 'settled', status: write(batch, row, given, isFirst) }
  }

  const isRecorded = ({ session }: Batch, row: SettledRow, given: Settlement): boolean =>
    isRecordOf(row, given) ||
    session.get(sql.isRecorded, [row.seq, given.attempt, Number(given.fence), given.outcome]) !== undefined

  const write = (batch: Batch, row: SettledRow, given: Settlement, isFirst: boolean): ExecutionStatus => {
    const { session, namespace } = batch
    const status = statusAfter(row, given)
    batch.events.push(eventOf(row, given, status, isFirst))
    const isOpen = status === 'scheduled' || status === 'running'
    if (!isOpen && !isKept(row, status, given.history)) {
      memory.remember(namespace, endings.letGo(session, namespace, row, status))
      return status
    }
    const error = given.error === null ? null : JSON.stringify(given.error)
    session.run(sql.settle, [
      status,
      status === given.status ? given.reason : null,
      status === 'scheduled' ? (given.dueAt ?? row.due_at) : row.due_at,
      given.startedAt,
      isOpen ? null : given.finishedAt,
      status === 'scheduled' ? null : (given.abandonedAt ?? row.abandoned_at),
      status === 'scheduled' ? null : row.claimed_at,
      row.retries + Number(given.spends === 'retry'),
      row.interruptions + Number(given.spends === 'interruption'),
      Number(given.spends === 'interruption'),
      given.output,
      error,
      given.progress === null ? null : Math.floor(given.progress),
      Number(isOpen),
      row.seq,
      row.fence,
    ])
    if (isFirst && needsRow(given, status)) {
      const log = given.log.length === 0 ? null : JSON.stringify(given.log)
      const { attempt, startedAt, finishedAt, outcome } = given
      const parameters = [
        row.seq,
        attempt,
        given.instance,
        row.fence,
        row.claimed_at ?? startedAt,
        startedAt,
        finishedAt,
      ]
      session.run(sql.recordAttempt, [...parameters, outcome, error, log])
    }
    if (isOpen) return status
    const gone = endings.applyHistory(session, namespace, row, status, given.history)
    for (const execution of gone) memory.remember(namespace, execution)
    return status
  }

  return {
    async settle(namespace, settlements) {
      const batches = Array.from({ length: Math.ceil(settlements.length / AT_ONCE) }, (_, index) =>
        settlements.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
      )
      const settled = await Promise.all(
        batches.map((entries) =>
          context.write((session) => {
            const batch: Batch = { session, namespace, rows: new Map(), events: [] }
            const results = inRounds(entries).flatMap((round) => {
              batch.rows.clear()
              const ids = JSON.stringify(round.map(({ executionId }) => executionId))
              for (const row of session.all<SettledRow>(sql.executions, [namespace, ids])) batch.rows.set(row.id, row)
              return round.map((entry) => settleOne(batch, entry))
            })
            endings.statistics.count(session, namespace, batch.events)
            return results
          }),
        ),
      )
      return settled.flat()
    },

    async reportProgress(namespace, reports) {
      await context.write((session) => {
        for (const { executionId, fence, progress } of reports) {
          session.run(sql.reportProgress, [Math.round(progress), namespace, executionId, Number(fence)])
        }
      })
    },
  }
}

/** One execution at most once in a round, so that a second settlement of it in one call sees what the first has done. */
function inRounds(settlements: readonly Settlement[]): readonly (readonly Settlement[])[] {
  if (new Set(settlements.map(({ executionId }) => executionId)).size === settlements.length) return [settlements]
  return settlements.map((settlement) => [settlement])
}
