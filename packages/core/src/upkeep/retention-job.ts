import { defineJob } from '../job/define-job.ts'
import type { AnyJob } from '../job/job.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { every } from '../trigger/trigger.ts'

/** The system job that keeps the store small. */
export const RETENTION_JOB = 'escapement.retention'
/** The queue of Escapement's own jobs: no limit of the host's can hold them up. */
const SYSTEM_QUEUE = 'escapement.system'

const ROWS_A_CALL = 500
/** A job that nobody has had a handler for is retired after this long. Milliseconds (rule 7). */
const ABSENT_MS = 7 * 86_400_000

/**
 * Deletes settled executions and spans beyond the retention in small batches, folds old statistics, retires jobs that
 * nobody has run for a week. The retention that was saved last holds; before any was, the scheduler's own.
 */
export function retentionJob(context: () => EngineContext): AnyJob {
  return defineJob({
    name: RETENTION_JOB,
    trigger: every('10m'),
    queue: SYSTEM_QUEUE,
    misfire: 'skip',
    history: 'failures',
    timeout: '10m',
    run: async ({ signal }) => {
      const { clock, events, store, namespace, options } = context()
      const { retentionMs } = (await store.settings(namespace)) ?? options
      const before = clock.now() - retentionMs
      let purged = 0
      for (let count = ROWS_A_CALL; count === ROWS_A_CALL && !signal.aborted; ) {
        count = await store.purge(namespace, before, ROWS_A_CALL)
        purged += count
      }
      for (let count = ROWS_A_CALL; count === ROWS_A_CALL && !signal.aborted; ) {
        count = await store.foldStats(namespace, ROWS_A_CALL)
      }
      const retired = await store.retireAbsent(namespace, clock.now() - ABSENT_MS)
      for (const job of retired) events.emit('job:retired', { job, by: null })
      return { purged, retired: retired.length }
    },
  })
}
