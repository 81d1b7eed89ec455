import type { SettleResult } from '@escapement/core'
import type { SettledExecution } from '../../settle/settled-memory.ts'
import type { StatsEvent } from '../../stats/stats-change.ts'

/** What settlements have come to. */
export interface Settled {
  readonly results: readonly SettleResult[]
  readonly events: readonly StatsEvent[]
  /** Executions whose rows are gone. */
  readonly gone: readonly SettledExecution[]
}

/** Nothing was settled. */
export const NOTHING_SETTLED: Settled = { results: [], events: [], gone: [] }
