import type { QueueDemand } from '@escapement/core'
import type { SqliteSession } from '@escapement/db'
import type { JudgingScope } from './judging.ts'

/** Rows of other instances' jobs that are passed over; behind them the instance only wakes a little too early. */
const MOST_PASSED = 200

interface FutureRow {
  readonly job: string
  readonly queue: string
  readonly due_at: number
}

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
  const canRun = (row: FutureRow): boolean => handlers.has(row.job) && queues.has(row.queue)
  return firstDue(session, sql.futureUnjudged, [namespace, isLedger, now], canRun)
}

function nextJudged({ session, sql, namespace, handlers, now }: JudgingScope, queue: string): number {
  let next = Number.POSITIVE_INFINITY
  let priority = Number.MAX_SAFE_INTEGER
  for (;;) {
    const level = session.get<{ priority: number }>(sql.nextPriority, [namespace, queue, priority])
    if (level === undefined) return next
    priority = level.priority
    const parameters = [namespace, queue, priority, now]
    next = Math.min(
      next,
      firstDue(session, sql.future, parameters, ({ job }) => handlers.has(job)),
    )
  }
}

/** The first row will do nearly always; only behind one that will not, more are read. */
function firstDue(
  session: SqliteSession,
  text: string,
  parameters: readonly (string | number)[],
  canRun: (row: FutureRow) => boolean,
): number {
  const first = session.get<FutureRow>(text, [...parameters, 1])
  if (first === undefined) return Number.POSITIVE_INFINITY
  if (canRun(first)) return first.due_at
  const rows = session.all<FutureRow>(text, [...parameters, MOST_PASSED])
  const next = rows.find(canRun) ?? (rows.length === MOST_PASSED ? rows.at(-1) : undefined)
  return next?.due_at ?? Number.POSITIVE_INFINITY
}
