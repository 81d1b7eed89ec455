import type { ClaimedExecution } from '../store/claim-store.ts'

/** Whether its handler is called later than the claim: at its instant, or when a slot is free. */
export function isTakenAhead({ startedAt, claimedAt }: ClaimedExecution): boolean {
  return startedAt === null || startedAt > claimedAt
}
