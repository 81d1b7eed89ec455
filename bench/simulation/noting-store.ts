import type { JobStore } from '@escapement/core'
import type { TickBook } from './tick-book.ts'

/** The store, noting in the book each tick that it puts into a span, when it does. */
export function notingStore(store: JobStore, book: TickBook): JobStore {
  return {
    ...store,
    plan: async (namespace, entries) => {
      // Which ticks the rows stand for must be asked before they are folded.
      const folded = await Promise.all(
        entries.flatMap((entry) => entry.fold).map(({ executionId }) => store.execution(namespace, executionId)),
      )
      const tickOf = new Map(
        folded.flatMap((found) => (found === null ? [] : [[found.execution.id, found.execution.scheduledFor]])),
      )
      const results = await store.plan(namespace, entries)
      for (const [index, { job, spans, fold }] of entries.entries()) {
        if (results[index] !== 'planned' || isSystem(job)) continue
        for (const { from, to, count } of spans) book.spanned(job, from, to, count)
        for (const { executionId } of fold) {
          const tick = tickOf.get(executionId)
          if (tick !== undefined) book.spanned(job, tick, tick, 1)
        }
      }
      return results
    },
    claim: async (namespace, request) => {
      const result = await store.claim(namespace, request)
      for (const { job, scheduledFor } of result.dropped)
        if (!isSystem(job)) book.spanned(job, scheduledFor, scheduledFor, 1)
      return result
    },
  }
}

function isSystem(job: string): boolean {
  return job.startsWith('escapement.')
}
