import type { Settlement } from '@escapement/core'
import { integerOf, type SqlSession } from '@escapement/db'
import { needsRow } from '../../settle/attempt-record.ts'
import { eventOf } from '../../settle/settlement-verdict.ts'
import type { ServerContext } from '../server-context.ts'
import { type Statements, statements } from '../statements.ts'
import { fastSettleSql } from './fast-settle-sql.ts'
import { NOTHING_SETTLED, type Settled } from './settled.ts'

/**
 * Settles plain successes without reading them first: the first and only verdict of an attempt that leaves no record of its
 * own. Where the history is counted, or a key has to be guarded, the pass decides.
 */
export class FastSettle {
  readonly #sql: Statements<ReturnType<typeof fastSettleSql>>

  constructor(context: ServerContext) {
    this.#sql = statements(fastSettleSql(context))
  }

  /**
   * @param settlements - Of executions that differ.
   * @returns What became of those that it has settled; of all others nothing was changed.
   */
  async settle(session: SqlSession, namespace: string, settlements: readonly Settlement[]): Promise<Settled> {
    const plain = settlements.filter((given) => given.abandonedAt === null && !needsRow(given, given.status))
    const kept = plain.filter(({ history }) => history === 'all')
    const passing = plain.filter(({ history }) => history === 'none' || history === 'failures')
    if (kept.length + passing.length === 0) return NOTHING_SETTLED
    const dueAt = new Map<string, number>()
    const ways = [[this.#sql.keep, kept] as const, [this.#sql.forget, passing] as const]
    let named = settlements // the first statement locks all of them
    for (const [statement, meant] of ways.filter(([, some]) => some.length > 0)) {
      const parameters = { namespace, ...columnsOf(named, new Set(meant)) }
      const { rows } = await session.run<{ id: string; due_at: unknown }>(statement, parameters)
      for (const row of rows) dueAt.set(row.id, integerOf(row.due_at))
      named = passing
    }
    const settled = plain.filter(({ executionId }) => dueAt.has(executionId))
    return {
      results: settled.map(({ executionId }) => ({ executionId, result: 'settled', status: 'succeeded' })),
      events: settled.map((given) => {
        return eventOf({ due_at: dueAt.get(given.executionId) as number }, given, 'succeeded', true)
      }),
      gone: passing
        .filter(({ executionId }) => dueAt.has(executionId))
        .map(({ executionId, fence }) => ({ id: executionId, fence, status: 'succeeded' })),
    }
  }
}

function columnsOf(settlements: readonly Settlement[], meant: ReadonlySet<Settlement>) {
  return {
    ids: settlements.map(({ executionId }) => executionId),
    fences: settlements.map(({ fence }) => fence),
    startedAt: settlements.map(({ startedAt }) => startedAt),
    finishedAt: settlements.map(({ finishedAt }) => finishedAt),
    progress: settlements.map(({ progress }) => (progress === null ? null : Math.floor(progress))),
    outputs: settlements.map((given) => (meant.has(given) ? given.output : null)),
    meant: settlements.map((given) => Number(meant.has(given))),
  }
}
