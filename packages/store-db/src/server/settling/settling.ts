import type { Settlement, SettleResult, SettleStore } from '@escapement/core'
import { SettledMemory } from '../../settle/settled-memory.ts'
import type { StatsEvent } from '../../stats/stats-change.ts'
import type { ServerEndings } from '../ending/endings.ts'
import { rowsText } from '../rows-text.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import type { ServerStatistics } from '../statistics/statistics.ts'
import { Closing } from './closing.ts'
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
  const memory = new SettledMemory()

  const settleAll = (namespace: string, settlements: readonly Settlement[]): Promise<readonly SettleResult[]> =>
    context.transaction(async (session) => {
      const events: StatsEvent[] = []
      const results: SettleResult[] = []
      for (const round of inRounds(settlements)) {
        const settled = await settleBatch(session, { sql, closing, endings, memory }, namespace, round)
        results.push(...settled.results)
        events.push(...settled.events)
        // Before the commit, whose reply may be lost. Nobody asks while the row is there.
        for (const execution of settled.gone) memory.remember(namespace, execution)
      }
      await statistics.count(session, namespace, events)
      return results
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
      await context.run(sql.reportProgress, { namespace, rows: rowsText(rows) })
    },
  }
}

/** One execution at most once in a round, so that a second settlement of it in one call sees what the first has done. */
function inRounds(settlements: readonly Settlement[]): readonly (readonly Settlement[])[] {
  if (new Set(settlements.map(({ executionId }) => executionId)).size === settlements.length) return [settlements]
  return settlements.map((settlement) => [settlement])
}
