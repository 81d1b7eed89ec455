import type { ClaimResult } from '@escapement/core'

/** The answer of a pass that found nothing. */
export const NOTHING: ClaimResult = Object.freeze({
  isAlive: true,
  executions: [],
  dropped: [],
  lateJobs: [],
  cancelRequested: [],
  nextDueAt: null,
  hasMore: false,
  now: 0,
})
