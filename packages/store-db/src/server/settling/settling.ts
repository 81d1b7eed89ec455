import type { Settlement, SettleResult, SettleStore } from '@escapement/core'
import { SettledMemory } from '../../settle/settled-memory.ts'
import type { SqlSession } from '@escapement/db'
import type { ServerEndings } from '../ending/endings.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import type { ServerStatistics } from '../statistics/statistics.ts'
import { Closing } from './closing.ts'
import { FastSettle } from './fast-settle.ts'
import { NOTHING_SETTLED, type Settled } from './settled.ts'
import { settleBatch } from './settle-batch.ts'
import { settlingSql } from './settling-sql.ts'

/** Settlements of one transaction. */
const AT_ONCE = 500

/** What settling shares with other roles. */
export interface SettlingParts {
  readonly endings: ServerEndings
  readonly statistics: ServerStatistics
}

/** From ended attempts to verdicts on a server. */
export function serverSettling(context: ServerContext, { endings, statistics }: SettlingParts): SettleStore {
  const sql = statements(settlingSql(context))
  const closing = new Closing(context)
  const fast = context.sql.passesOn ? new FastSettle(context) : null
  const memory = new SettledMemory()

  const settleRound = async (
    session: SqlSession,
    namespace: string,
    round: readonly Settlement[],
  ): Promise<Settled> => {
    const plain = fast === null ? NOTHING_SETTLED : await fast.settle(session, namespace, round)
    if (plain.results.length === round.length) return plain
    const known = new Set(plain.results.map(({ executionId }) => executionId))
    const rest = round.filter(({ executionId }) => !known.has(executionId))
    const judged = await settleBatch(session, { sql, closing, endings, memory }, namespace, rest)
    return {
      results: [...plain.results, ...judged.results],
      events: [...plain.events, ...judged.events],
      gone: [...plain.gone, ...judged.gone],
    }
  }

  const settleAll = (namespace: string, settlements: readonly Settlement[]): Promise<readonly SettleResult[]> =>
    context.transaction(async (session) => {
      const settled: Settled[] = []
      for (const round of inRounds(settlements)) {
        const some = await settleRound(session, namespace, round)
        settled.push(some)
        // Before the next round asks, and the commit, whose reply may be lost. Nobody asks while the row is there.
        for (const execution of some.gone) memory.remember(namespace, execution)
      }
      const events = settled.flatMap((some) => some.events)
      await statistics.count(session, namespace, events)
      return settled.flatMap(({ results }) => results)
    })

  return {
    async settle(namespace, settlements) {
      const results: SettleResult[] = []
      for (let from = 0; from < settlements.length; from += AT_ONCE) {
        results.push(...(await settleAll(namespace, settlements.slice(from, from + AT_ONCE))))
      }
      return results
    },

    async reportProgress(namespace, reports) {
      if (reports.length === 0) return
      const newest = new Map(reports.map((report) => [`${report.executionId} ${report.fence}`, report]))
      const rows = [...newest.values()].map(({ executionId: id, fence, progress }) => ({
        id,
        fence,
        progress: Math.round(progress),
      }))
      const parameters = { namespace, rows: rowsText(rows) }
      await context.transaction(async (session) => {
        await session.run(sql.lockReported, parameters)
        await session.run(sql.reportProgress, parameters)
      })
    },
  }
}

/** One execution at most once in a round, so that a second settlement of it in one call sees what the first has done. */
function inRounds(settlements: readonly Settlement[]): readonly (readonly Settlement[])[] {
  if (new Set(settlements.map(({ executionId }) => executionId)).size === settlements.length) return [settlements]
  return settlements.map((settlement) => [settlement])
}
