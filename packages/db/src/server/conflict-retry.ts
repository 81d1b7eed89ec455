import type { Runtime } from '@escapement/base'
import { DatabaseConflictError } from '../error/database-conflict-error.ts'

/** How long work is tried again after conflicts. */
export interface ConflictPatience {
  readonly tries: number
  /** No further try begins after so many milliseconds: a conflict may have waited for a lock already. */
  readonly withinMs: number
  /** Bounds of the pause before a try, milliseconds. */
  readonly shortestPauseMs: number
  readonly longestPauseMs: number
}

/** For statements and transactions of a store: a conflict is over within milliseconds. */
const PATIENCE: ConflictPatience = { tries: 8, withinMs: 10_000, shortestPauseMs: 0, longestPauseMs: 100 }

/** Does `attempt` again after a {@link DatabaseConflictError}, which says that nothing was changed, and after nothing else. */
export async function retryConflicts<T>(
  runtime: Runtime,
  attempt: () => Promise<T>,
  { tries, withinMs, shortestPauseMs, longestPauseMs }: ConflictPatience = PATIENCE,
): Promise<T> {
  const startedAt = runtime.monotonic()
  for (let made = 1; ; made++) {
    try {
      return await attempt()
    } catch (error) {
      const isOver = made >= tries || runtime.monotonic() - startedAt >= withinMs
      if (!(error instanceof DatabaseConflictError) || isOver) throw error
      // Drawn from a range that doubles, so that those that have met part.
      await runtime.sleep(Math.max(shortestPauseMs, runtime.random() * Math.min(2 ** made, longestPauseMs)))
    }
  }
}
