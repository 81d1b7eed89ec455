import { setTimeout } from 'node:timers/promises'
import { defineJob, type Job, type QueueOptions } from '@escapement/core'
import { z } from 'zod'
import { recorded } from '../tables/recorded.ts'
import type { Database } from '../tables/tables.ts'

/** How long a label takes to print, milliseconds. */
const PRINTING_MS = 2_000

/** There are two printers for all machines together. */
export const PRINTERS = 2

export const LABEL_QUEUE: Readonly<Record<string, QueueOptions>> = { labels: { limit: PRINTERS } }

/** Has no schedule: another process, the shop, enqueues it. */
export function label(db: Database, instance: string): Job<{ order: number }, { order: number }> {
  return defineJob({
    name: 'label',
    queue: 'labels',
    overlap: 'allow',
    input: z.object({ order: z.int() }),
    run: (context) =>
      recorded(db, instance, context, async () => {
        await setTimeout(PRINTING_MS, undefined, { signal: context.signal })
        return { order: context.input.order }
      }),
  })
}
