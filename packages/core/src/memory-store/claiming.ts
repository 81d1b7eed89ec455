import { isPausedAt } from '../store/job-state.ts'
import type { ClaimedExecution, ClaimRequest, ClaimResult, ClaimStore, HeartbeatResult } from '../store/claim-store.ts'
import { type ExecutionRow, isHeld } from './execution-row.ts'
import { nextFence } from './fence-table.ts'
import { type InstanceRow, isLive } from './instance-row.ts'
import { takeComing } from './coming.ts'
import { expireWaiting, judgeDueTicks } from './judging.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { fallDue, place, withdraw } from './placement.ts'
import { interruptRow, releaseRow } from './releasing.ts'
import { takeFromQueue } from './taking.ts'

/** From due rows to owned executions. */
export const claiming: MemoryRole<ClaimStore> = (at) => ({
  async claim(namespace, request) {
    const { tables, now } = at(namespace)
    const instance = tables.instances.get(request.instance)
    if (instance === undefined || instance.isDead) return { ...NOTHING, isAlive: false, now }
    if (request.isRepeat || request.token === instance.lastToken) {
      const executions = [...instance.held].filter((row) => row.claimToken === request.token).map(toClaimed)
      if (executions.length > 0) return { ...NOTHING, executions, hasMore: true, now }
    }
    return claimPass(tables, instance, request, now)
  },

  async markStarted(namespace, starts) {
    const { tables } = at(namespace)
    const stale: string[] = []
    for (const { executionId, fence, startedAt } of starts) {
      const row = heldRow(tables, executionId, fence)
      if (row === null) {
        stale.push(executionId)
      } else if (row.status === 'claimed') {
        row.status = 'running' // it stands in the same indexes as before
        row.startedAt = startedAt
      }
    }
    return stale
  },

  async handBack(namespace, executions) {
    const { tables, now } = at(namespace)
    for (const { executionId, fence } of executions) {
      const row = heldRow(tables, executionId, fence)
      if (row !== null) releaseRow(tables, row, now)
    }
    tables.hint()
  },

  async heartbeat(namespace, request): Promise<HeartbeatResult> {
    const { leaseMs, holding, claimedUpTo } = request
    const { tables, now } = at(namespace)
    const instance = tables.instances.get(request.instance)
    if (instance === undefined || instance.isDead) {
      return { isAlive: false, lost: holding.map(({ executionId }) => executionId), cancel: [], now }
    }
    instance.heartbeatAt = now
    instance.leaseUntil = now + leaseMs
    const lost: string[] = []
    const cancel: { executionId: string; by: string | null }[] = []
    for (const { executionId, fence } of holding) {
      const row = heldRow(tables, executionId, fence)
      if (row === null) lost.push(executionId)
      else if (row.cancelRequestedAt !== null) cancel.push({ executionId, by: row.cancelRequestedBy })
    }
    const named = new Set(holding.map(({ executionId }) => executionId))
    const forgotten = [...instance.held].filter(({ id, claimToken }) => claimToken <= claimedUpTo && !named.has(id))
    for (const row of forgotten) interruptRow(tables, row, now)
    if (forgotten.length > 0) tables.hint()
    return { isAlive: true, lost, cancel, now }
  },
})

const NOTHING: ClaimResult = {
  isAlive: true,
  executions: [],
  dropped: [],
  lateJobs: [],
  cancelRequested: [],
  nextDueAt: null,
  hasMore: false,
  now: 0,
}

function claimPass(tables: MemoryTables, instance: InstanceRow, request: ClaimRequest, now: number): ClaimResult {
  fallDue(tables, now)
  const judgement = judgeDueTicks(tables, request.handlers, now)
  expireWaiting(tables, judgement, now)
  const executions: ClaimedExecution[] = []
  let hasMore = false
  if (isLive(instance, now)) {
    instance.lastToken = request.token
    const take = (row: ExecutionRow, isStarted: boolean): void => {
      hold(tables, row, instance, request.token, isStarted, now)
      executions.push(toClaimed(row))
    }
    const rooms = request.queues.map((demand) => ({ ...demand }))
    for (const room of rooms) {
      if (takeFromQueue(tables, room, request.handlers, now, take)) hasMore = true
    }
    takeComing(tables, { ...request, rooms }, now, take)
  }
  if (judgement.dropped.length > 0 || judgement.cancelRequested.length > 0) tables.hint()
  return { isAlive: true, executions, ...judgement, nextDueAt: nextDueAt(tables, request, now), hasMore, now }
}

function hold(
  tables: MemoryTables,
  row: ExecutionRow,
  instance: InstanceRow,
  token: number,
  isStarted: boolean,
  now: number,
): void {
  withdraw(tables, row)
  row.isJudged = true
  row.status = isStarted ? 'running' : 'claimed'
  row.instance = instance.id
  row.claimToken = token
  row.claimedAt = now
  row.startedAt = isStarted ? Math.max(row.dueAt, now) : null
  row.finishedAt = null
  row.abandonedAt = null
  row.progress = null
  row.attempt++
  row.fence = nextFence(row.fence, now)
  const guardKey = sharedGuardKey(row)
  row.guardKey = guardKey ?? `execution:${row.id}`
  row.guardFence = guardKey === null ? row.fence : tables.fences.raise(guardKey, now)
  place(tables, row, now)
}

function sharedGuardKey(row: ExecutionRow): string | null {
  if (row.isExclusive) return `job:${row.job}`
  if (row.concurrencyKey !== null && row.concurrencyLimit === 1) return `key:${row.job}:${row.concurrencyKey}`
  return null
}

/** The next due time, or end of a pause, of what these queues and handlers could take. */
function nextDueAt(tables: MemoryTables, { queues, handlers }: ClaimRequest, now: number): number | null {
  const isWanted = (row: ExecutionRow): boolean =>
    handlers.has(row.job) && queues.some(({ queue }) => queue === row.queue)
  let next = tables.future.find(isWanted)?.dueAt ?? Number.POSITIVE_INFINITY
  for (const demand of queues) {
    const queue = tables.queue(demand.queue)
    for (const { job, isTick } of queue.lines.values()) {
      if (!handlers.has(job.name)) continue
      const pauses = isTick ? [...queue.pauses, ...(job.state?.pauses ?? [])] : queue.pauses
      for (const pause of pauses)
        if (pause.until !== null && isPausedAt([pause], now)) next = Math.min(next, pause.until)
    }
  }
  return next === Number.POSITIVE_INFINITY ? null : next
}

/** The row that is held under this fence; null: it is another's, or nobody's. */
export function heldRow(tables: MemoryTables, id: string, fence: bigint): ExecutionRow | null {
  const row = tables.executions.get(id)
  return row !== undefined && isHeld(row) && row.fence === fence ? row : null
}

function toClaimed(row: ExecutionRow): ClaimedExecution {
  return {
    id: row.id,
    job: row.job,
    revision: row.revision,
    queue: row.queue,
    priority: row.priority,
    scheduledFor: row.scheduledFor,
    dueAt: row.dueAt,
    attempt: row.attempt,
    retries: row.retries,
    interruptions: row.interruptions,
    fence: row.fence,
    guardFence: row.guardFence,
    guardKey: row.guardKey,
    claimedAt: row.claimedAt ?? 0,
    startedAt: row.startedAt,
    input: row.input,
    missed: row.missed,
    isTick: row.isTick,
    createdBy: row.createdBy,
    traceparent: row.traceparent,
  }
}
