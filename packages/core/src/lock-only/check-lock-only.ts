import { NotSharedError } from '../error/not-shared-error.ts'
import type { AnyJob } from '../job/job.ts'

const WAY_OUT = 'pass a shared store such as dbStore(pool)'

/** What may ask for more than one instance can know. */
interface Wishes {
  readonly jobs: readonly AnyJob[]
  readonly queues?: Readonly<Record<string, { readonly limit?: number }>>
  readonly roles?: readonly string[]
}

/** @throws {@link NotSharedError} naming what cannot hold across instances that share no store (rule 25). */
export function checkLockOnly({ jobs, queues = {}, roles }: Wishes): void {
  for (const job of jobs) checkJob(job)
  for (const [name, queue] of Object.entries(queues)) {
    if (queue.limit === undefined) continue
    throw new NotSharedError(
      `queues.${name}.limit is ${queue.limit}, which is across the cluster, but in lock-only mode nobody counts there: set concurrency, which is per instance, or ${WAY_OUT}`,
    )
  }
  const lacking = roles === undefined ? undefined : ['plan', 'run'].find((role) => !roles.includes(role))
  if (lacking === undefined) return
  throw new NotSharedError(
    `roles lacks "${lacking}", but in lock-only mode each instance plans what it runs: name both, or ${WAY_OUT}`,
  )
}

function checkJob({ name, settings, concurrency }: AnyJob): void {
  const { overlap } = settings
  if (overlap !== 'skip' && overlap !== 'allow') {
    throw new NotSharedError(
      `Job "${name}": overlap is "${overlap}", which needs one line for all instances, but in lock-only mode each has its own: use "skip" or "allow", or ${WAY_OUT}`,
    )
  }
  if (concurrency === undefined) return
  throw new NotSharedError(
    `Job "${name}": concurrency is a limit across the cluster, but in lock-only mode nobody counts there: take a lock in the handler, or ${WAY_OUT}`,
  )
}
