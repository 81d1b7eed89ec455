import { heldRow } from './claiming.ts'
import { finish, foldTick } from './ending.ts'
import { type ExecutionRow, isLedgerTick } from './execution-row.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { place, withdraw } from './placement.ts'
import { releaseRow } from './releasing.ts'

/** A claimed execution whose handler will not be called for now, and why. */
export interface LetGo {
  readonly executionId: string
  readonly fence: bigint
  /**
   * `elsewhere`, `unavailable`: the verdict of a tick. `overlap`: another instance runs the job; that is the verdict of a
   * punctual tick, and of a run that would not wait, all else waits its turn. `later`: it waits its turn. `unseen`: a
   * tick that has no verdict again.
   */
  readonly why: 'elsewhere' | 'unavailable' | 'overlap' | 'later' | 'unseen'
}

/** What lock-only mode needs beyond the port. */
export interface LetGoStore {
  /** Takes executions back from their owner before their handlers were called. Answers the ids that still wait. */
  letGo(namespace: string, given: readonly LetGo[]): Promise<readonly string[]>
}

/** From claimed to let go. */
export const lettingGo: MemoryRole<LetGoStore> = (at) => ({
  async letGo(namespace, given) {
    const { tables, now } = at(namespace)
    const waiting: string[] = []
    for (const { executionId, fence, why } of given) {
      const row = heldRow(tables, executionId, fence)
      if (row === null) continue
      releaseRow(tables, row, now)
      if (row.status !== 'scheduled') continue // it was to be cancelled
      const isNewTick = row.attempt === 0 && isLedgerTick(row)
      if (isNewTick && why === 'unseen') {
        unsee(tables, row, now)
      } else if (isNewTick && (why === 'elsewhere' || why === 'unavailable' || (why === 'overlap' && row.isPunctual))) {
        foldTick(tables, row, why)
        continue
      } else if (row.attempt === 0 && why === 'overlap' && row.ifOpen === 'skip') {
        finish(tables, row, { status: 'skipped', reason: 'open', finishedAt: now })
        continue
      }
      waiting.push(executionId)
    }
    tables.hint()
    return waiting
  },
})

function unsee(tables: MemoryTables, row: ExecutionRow, now: number): void {
  withdraw(tables, row)
  row.isJudged = false
  row.isPunctual = false
  place(tables, row, now)
}
