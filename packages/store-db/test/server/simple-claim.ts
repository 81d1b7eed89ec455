import type { ClaimedExecution, ClaimRequest, ClaimResult } from '@escapement/core'
import { integerOf, statement } from '@escapement/db'
import type { ServerContext } from '../../src/server/server-context.ts'

/** Takes what is due for one instance at a time, without any rule of claiming: for tests of what comes after. */
export function simpleClaim({ server, tables: t, clock }: ServerContext): {
  claim(namespace: string, request: ClaimRequest): Promise<ClaimResult>
} {
  const due = statement(`SELECT x.id, x.job, x.scheduled_for, x.fence, x.attempt, x.retries, c.now
    FROM (SELECT ${clock.nowMs} AS now) AS c, ${t.executions} AS x
    WHERE x.namespace = :namespace AND x.status = 'scheduled' AND x.due_at <= c.now
    ORDER BY x.due_at, x.seq`)
  const take = statement(`UPDATE ${t.executions} SET status = :status, is_judged = 1, claimed_at = :now,
    started_at = :startedAt, instance = :instance, attempt = attempt + 1, fence = :fence
    WHERE namespace = :namespace AND id = :id`)
  return {
    async claim(namespace, { instance, queues, handlers }) {
      const { rows } = await server.run<Record<string, unknown> & { id: string; job: string }>(due, { namespace })
      const demand = queues.map(({ slots, prefetch }) => ({ slots, prefetch }))[0] ?? { slots: 0, prefetch: 0 }
      const free = rows.filter(({ job }) => handlers.has(job)).slice(0, demand.slots + demand.prefetch)
      const executions: ClaimedExecution[] = []
      for (const [at, row] of free.entries()) {
        const now = integerOf(row['now'])
        const startedAt = at < demand.slots ? now : null
        const fence = Math.max(integerOf(row['fence']) + 1, now * 1_000)
        const status = startedAt === null ? 'claimed' : 'running'
        await server.run(take, { namespace, id: row.id, status, now, startedAt, instance, fence })
        executions.push({
          id: row.id,
          job: row.job,
          attempt: integerOf(row['attempt']) + 1,
          retries: integerOf(row['retries']),
          scheduledFor: integerOf(row['scheduled_for']),
          fence: BigInt(fence),
          startedAt,
        } as ClaimedExecution)
      }
      return { isAlive: true, executions } as unknown as ClaimResult
    },
  }
}
