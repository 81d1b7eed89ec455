import type { ReadStore } from '@escapement/core'
import { type InstanceRow, instanceOf } from '../../instance/instance-row.ts'
import { backlogOf } from '../../queue/backlog.ts'
import { type CountedBucket, mergeStats } from '../../stats/merge-stats.ts'
import { ALL_JOBS } from '../../stats/stats-change.ts'
import { readNumbers } from '../read-numbers.ts'
import type { ServerContext } from '../server-context.ts'
import { statements } from '../statements.ts'
import { overviewSql } from './overview-sql.ts'

const INSTANCE_NUMBERS = ['version', 'started_at', 'heartbeat_at', 'lease_until', 'dead_at', 'now', 'running'] as const

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
      return rows
        .map((row) => readNumbers<InstanceRow & { readonly now: number }>(row, INSTANCE_NUMBERS))
        .map((row) => instanceOf(row, row.now))
    },

    async stats(namespace, { job, from, to }) {
      const counted = job ?? ALL_JOBS
      const times = { namespace, job: counted, since: from, until: to }
      const { rows } = await context.run<{ counted: string }>(sql.stats, times)
      return mergeStats(counted, JSON.parse(`[${rows.map((row) => row.counted).join(',')}]`) as CountedBucket[])
    },

    async backlog(namespace) {
      const { rows } = await context.run(sql.backlog, { namespace })
      const counted = rows.map((row) => readNumbers<BacklogRow>(row, ['due', 'oldest', 'running']))
      return backlogOf(counted.map(({ oldest: oldestDueMs, ...row }) => ({ ...row, oldestDueMs })))
    },

    async stranded(namespace, limit) {
      const { rows } = await context.run<{ job: string }>(sql.stranded(limit), { namespace })
      return rows.map(({ job }) => job)
    },
  }
}
