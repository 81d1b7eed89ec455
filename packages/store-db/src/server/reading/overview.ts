import type { Backlog, InstanceState, ReadStore } from '@escapement/core'
import { type CountedBucket, mergeStats } from '../../stats/merge-stats.ts'
import { ALL_JOBS } from '../../stats/stats-change.ts'
import { numbersOf } from '../../stats/stats-row.ts'
import { readNumbers } from '../read-numbers.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { bucketRowOf } from '../statistics/bucket-row.ts'
import { overviewSql } from './overview-sql.ts'

interface InstanceRow {
  readonly id: string
  readonly name: string
  readonly version: number | null
  readonly started_at: number
  readonly heartbeat_at: number
  readonly lease_until: number
  readonly dead_at: number | null
  readonly now: number
  readonly running: number
}

interface BacklogRow {
  readonly queue: string
  readonly due: number
  readonly oldest: number
  readonly running: number
}

/** Instances, statistics and what waits, on a server. */
export function overview(context: ServerContext): Pick<ReadStore, 'instances' | 'stats' | 'backlog' | 'stranded'> {
  const sql = statements(overviewSql(context))
  return {
    async instances(namespace) {
      const { rows } = await context.run(sql.instances, { namespace })
      return rows.map(instanceOf)
    },

    async stats(namespace, { job, from, to }) {
      const counted = job ?? ALL_JOBS
      const { rows } = await context.run(sql.stats, { namespace, job: counted, since: from, until: to })
      return mergeStats(counted, rows.map(countedOf))
    },

    async backlog(namespace) {
      const { rows } = await context.run(sql.backlog, { namespace })
      return backlogOf(rows.map((row) => readNumbers<BacklogRow>(row, ['due', 'oldest', 'running'])))
    },

    async stranded(namespace, limit) {
      const { rows } = await context.run<{ job: string }>(sql.stranded(limit), { namespace })
      return rows.map(({ job }) => job)
    },
  }
}

function instanceOf(found: object): InstanceState {
  const numbers = ['version', 'started_at', 'heartbeat_at', 'lease_until', 'dead_at', 'now', 'running'] as const
  const row = readNumbers<InstanceRow>(found, numbers)
  return {
    id: row.id,
    name: row.name,
    version: row.version,
    startedAt: row.started_at,
    heartbeatAt: row.heartbeat_at,
    leaseUntil: row.lease_until,
    isAlive: row.dead_at === null && row.lease_until > row.now,
    running: row.running,
  }
}

function countedOf(found: object): CountedBucket {
  const row = bucketRowOf(found)
  const { duration, lateness } = numbersOf(row)
  return [
    row.bucket,
    row.succeeded,
    row.failed,
    row.timed_out,
    row.cancelled,
    row.retries,
    row.interruptions,
    row.duration_sum_ms,
    row.lateness_sum_ms,
    duration,
    lateness,
  ]
}

/** One entry for each queue: what is judged, what is not, and what runs are counted apart. */
function backlogOf(rows: readonly BacklogRow[]): Backlog[] {
  const byQueue = new Map<string, Backlog>()
  for (const { queue, due, oldest, running } of rows) {
    const known = byQueue.get(queue) ?? { queue, due: 0, running: 0, oldestDueMs: 0 }
    byQueue.set(queue, {
      queue,
      due: known.due + due,
      running: known.running + running,
      oldestDueMs: Math.max(known.oldestDueMs, oldest),
    })
  }
  return [...byQueue.values()]
}
