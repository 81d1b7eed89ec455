import type { QueueDemand } from '@escapement/core'
import type { JudgingScope } from './judging.ts'

/** Rows of other instances' jobs that are passed over; behind them the instance only wakes a little too early. */
const MOST_PASSED = 200

/** When the next row of these queues falls due that one of the handlers can run; infinite: none is known. */
export function nextDueAt(scope: JudgingScope, demands: readonly QueueDemand[]): number {
  const queues = demands.map(({ queue }) => queue)
  return Math.min(
    nextUnjudged(scope, new Set(queues), 1),
    nextUnjudged(scope, new Set(queues), 0),
    ...queues.map((queue) => nextJudged(scope, queue)),
  )
}

function nextUnjudged(
  { session, sql, namespace, handlers, now }: JudgingScope,
  queues: ReadonlySet<string>,
  isLedger: 0 | 1,
): number {
  let passed = 0
  const rows = session.each<{ job: string; queue: string; due_at: number }>(sql.futureUnjudged, [
    namespace,
    isLedger,
    now,
    MOST_PASSED,
  ])
  for (const row of rows) {
    if (++passed === MOST_PASSED || (handlers.has(row.job) && queues.has(row.queue))) return row.due_at
  }
  return Number.POSITIVE_INFINITY
}

function nextJudged({ session, sql, namespace, handlers, now }: JudgingScope, queue: string): number {
  let next = Number.POSITIVE_INFINITY
  let priority = Number.MAX_SAFE_INTEGER
  for (;;) {
    const level = session.get<{ priority: number }>(sql.nextPriority, [namespace, queue, priority])
    if (level === undefined) return next
    priority = level.priority
    let passed = 0
    for (const row of session.each<{ job: string; due_at: number }>(sql.future, [
      namespace,
      queue,
      priority,
      now,
      MOST_PASSED,
    ])) {
      if (row.due_at >= next) break
      if (++passed < MOST_PASSED && !handlers.has(row.job)) continue
      next = row.due_at
      break
    }
  }
}
