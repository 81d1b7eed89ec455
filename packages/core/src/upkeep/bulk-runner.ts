import { EscapementError } from '@escapement/base'
import type { Execution } from '../store/execution.ts'
import type { JobStore } from '../store/job-store.ts'
import type { ExecutionFilter } from '../store/read-store.ts'
import type { BulkAction } from '../store/upkeep-store.ts'

/** Items between two saves: what a crash costs is done again, at most. */
const PAGE = 50
/** An action that somebody else has moved within this time is theirs. Milliseconds. */
const TAKE_OVER_MS = 10_000

/** What a bulk action does to one item. `by`: the principal who began it, in text form. Whatever they throw is a failure. */
export interface BulkActs {
  cancel(executionId: string, by: string | null): Promise<void>
  retry(executionId: string, by: string | null): Promise<void>
  pause(job: string, by: string | null): Promise<void>
}

type Store = Pick<JobStore, 'bulkAction' | 'execution' | 'executions' | 'now' | 'saveBulkAction'>

/**
 * Goes on with a bulk action until it is done, aborted, or someone else goes on with it. Its cursor is saved page by
 * page by compare and set, after the effects, so that a crash loses no item. Doing one again changes nothing: what has
 * ended is not cancelled, what was replaced is not replaced again, what is paused stays so.
 *
 * @throws What the store throws when it is away; the next call goes on.
 */
export async function runBulkAction(
  store: Store,
  namespace: string,
  action: BulkAction,
  acts: BulkActs,
  signal: AbortSignal,
): Promise<void> {
  if (action.cursor !== null && (await store.now()) - action.updatedAt < TAKE_OVER_MS) return
  const filter = JSON.parse(action.filter) as ExecutionFilter
  const act = actOf(store, namespace, action, acts)
  for (let current = action; current.status === 'running'; ) {
    const page = await store.executions(namespace, filter, { limit: PAGE, cursor: current.cursor, order: 'oldest' })
    let failed = 0
    for (const item of page.items) {
      if (signal.aborted) return
      if (!(await succeeds(() => act(item)))) failed++
    }
    const next: BulkAction = {
      ...current,
      cursor: page.next ?? current.cursor,
      status: page.next === null ? 'done' : 'running',
      done: current.done + page.items.length - failed,
      failed: current.failed + failed,
      updatedAt: await store.now(),
    }
    if (!(await store.saveBulkAction(namespace, next, current))) return
    current = next
  }
}

function actOf(
  store: Store,
  namespace: string,
  { kind, by }: BulkAction,
  acts: BulkActs,
): (item: Execution) => Promise<void> {
  const paused = new Set<string>()
  switch (kind) {
    case 'cancel':
      return (item) => acts.cancel(item.id, by)
    case 'retry':
      return async (item) => {
        // A retry goes to the end of the chain: asked twice, it would run twice. The end is an item of its own.
        const newest = await store.execution(namespace, item.id)
        if (newest?.execution.replacedBy === null) await acts.retry(item.id, by)
      }
    case 'pause':
      return async ({ job }) => {
        if (!paused.has(job)) await acts.pause(job, by)
        paused.add(job)
      }
  }
}

/** @throws When the store is away: that is no failure of this item. */
async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (EscapementError.is(error) && error.retryable) throw error
    return false
  }
}
