import { setTimeout } from 'node:timers/promises'
import type { Logger } from '@escapement/base'
import { defineJob, every, type Job } from '@escapement/core'
import { whereFence } from '@escapement/lock-db'
import { recorded } from '../tables/recorded.ts'
import type { Database } from '../tables/tables.ts'

/** How long counting takes, milliseconds. */
const COUNTING_MS = 1_500

/** Its executions exclude each other: at most one counts at a time, whichever instance it is on. */
export function stocktake(db: Database, instance: string, logger: Logger): Job<unknown, { counted: number }> {
  return defineJob({
    name: 'stocktake',
    trigger: every('3s'),
    run: (context) =>
      recorded(db, instance, context, async () => {
        const { counted } = await db.selectFrom('cluster_stock').select('counted').executeTakeFirstOrThrow()
        // Deliberately without `signal`: code that does not look at it goes on after its lease was lost. Only the fence,
        // checked by what is written to, stops it then.
        await setTimeout(COUNTING_MS)
        const stock = { counted: counted + 1, instance, fence: context.fence }
        const { numUpdatedRows } = await db
          .updateTable('cluster_stock')
          .set(stock)
          .where('id', '=', 1)
          .where(whereFence('fence', context.fence))
          .executeTakeFirstOrThrow()
        const fields = { job: context.job, executionId: context.executionId, attempt: context.attempt, ...stock }
        if (numUpdatedRows === 0n) {
          logger.warn('stock:refused', fields)
          throw new Error('a later stocktake has written already: this one was overtaken and has changed nothing')
        }
        logger.info('stock:written', fields)
        return { counted: stock.counted }
      }),
  })
}
