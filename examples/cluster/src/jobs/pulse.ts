import { setTimeout } from 'node:timers/promises'
import { defineJob, every, type Job } from '@escapement/core'
import { recorded } from '../tables/recorded.ts'
import type { Database } from '../tables/tables.ts'

/** Due each second, on all instances: each second one of them runs it. */
export function pulse(db: Database, instance: string): Job {
  return defineJob({
    name: 'pulse',
    trigger: every('1s'),
    // Each tick counts: none is left out because an earlier one still runs, or because nobody was there in time.
    overlap: 'allow',
    misfire: 'all',
    run: (context) => recorded(db, instance, context, () => setTimeout(100, undefined, { signal: context.signal })),
  })
}
