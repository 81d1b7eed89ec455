import type { Runtime } from '@escapement/base'
import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import { isBusy, sqliteError } from './sqlite-error.ts'

/** The longest pause between two tries, milliseconds: short beside a lease, long beside a transaction. */
const LONGEST_PAUSE_MS = 16

/** How long to wait before try number `attempt` (from 1): drawn from a range that doubles, so that waiters spread out. */
export function busyPauseMs(runtime: Runtime, attempt: number): number {
  return 1 + runtime.random() * Math.min(2 ** attempt, LONGEST_PAUSE_MS)
}

/** The error of a wait for the lock that ended without it. */
export function lockedError(file: string, waitedMs: number, cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError(
    `database "${file}" has been locked by another connection for ${Math.round(waitedMs)} ms; try again, or raise busyTimeout`,
    { cause },
  )
}

/**
 * Tries a synchronous `step` again while another connection is in the way, without blocking the event loop.
 *
 * @throws {@link DatabaseUnavailableError} once `timeoutMs` have passed.
 */
export async function retryWhileBusy<T>(
  runtime: Runtime,
  file: string,
  timeoutMs: number,
  step: () => T,
  onBusy?: () => void,
): Promise<T> {
  const startedAt = runtime.monotonic()
  for (let attempt = 1; ; attempt++) {
    try {
      return step()
    } catch (error) {
      if (!isBusy(error)) throw sqliteError(error, file)
      onBusy?.()
      const waitedMs = runtime.monotonic() - startedAt
      if (waitedMs >= timeoutMs) throw lockedError(file, waitedMs, error)
      await runtime.sleep(busyPauseMs(runtime, attempt))
    }
  }
}
