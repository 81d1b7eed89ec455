import { type DueJob, type LateTick, type PlanStore, PUNCTUAL_MS } from '@escapement/core'
import { integerOf } from '@escapement/db'
import { isTickOrigin } from '../../execution/new-execution-row.ts'
import { jobStateOf } from '../../job/job-row.ts'
import { parsePauses } from '../../job/pause-text.ts'
import type { QueueUse } from '../definitions/queue-use.ts'
import { jobRowOf } from '../definitions/job-columns.ts'
import type { ExecutionRemoval } from '../ending/execution-removal.ts'
import type { ServerInsertion } from '../insertion/insertion.ts'
import type { ServerContext } from '../server-context.ts'
import type { ServerSpans } from '../spans/spans.ts'
import { statements } from '../statements.ts'
import { lockBatch, writeVerdicts } from './plan-batch.ts'
import { planningSql } from './planning-sql.ts'

/** What planning shares with other roles. */
export interface PlanningParts {
  readonly queueUse: QueueUse
  readonly insertion: ServerInsertion
  readonly removal: ExecutionRemoval
  readonly spans: ServerSpans
}

/** From schedules to rows on a server. */
export function serverPlanning(context: ServerContext, parts: PlanningParts): PlanStore {
  const { queueUse, insertion, removal, spans } = parts
  const sql = statements(planningSql(context))

  const dueJobs = async (
    namespace: string,
    jobs: readonly string[],
    now: number,
    maxLateTicks: number,
  ): Promise<readonly DueJob[]> => {
    if (jobs.length === 0) return []
    const found = await context.run<PlannedRow>(sql.jobs, { namespace, jobs, now })
    const late = { late: now - PUNCTUAL_MS, most: maxLateTicks }
    const ticks = await context.run<LateRow>(sql.lateTicks, { namespace, jobs, ...late })
    const ticksOf = Map.groupBy(ticks.rows, ({ job }) => job)
    const states = new Map(
      found.rows.map((row): [string, DueJob] => [
        row.name,
        {
          state: jobStateOf(jobRowOf(row)),
          queuePauses: parsePauses(row.queue_pauses),
          hasLiveHandler: integerOf(row.has_live_handler) === 1,
          lateTicks: (ticksOf.get(row.name) ?? []).map(lateTickOf),
        },
      ]),
    )
    return jobs.flatMap((job) => states.get(job) ?? [])
  }

  return {
    async dueJobs(namespace, { until, limit, late, maxLateTicks }) {
      const { rows } = await context.run<PlaceRow>(sql.planned(limit + 1), { namespace })
      const now = integerOf(rows[0]?.now)
      const planned = rows.flatMap(({ name, plan_at: at }) => (name === null ? [] : [{ name, at: integerOf(at) }]))
      const due = planned.slice(0, limit).filter(({ at }) => at <= until)
      const names = [...new Set([...due.map(({ name }) => name), ...late])]
      const jobs = await dueJobs(namespace, names, now, maxLateTicks)
      return { jobs, nextTickAt: planned[due.length]?.at ?? null, now }
    },

    // All entries of a call share a transaction; one that has moved writes nothing in it.
    async plan(namespace, entries) {
      const executions = entries.flatMap((entry) => entry.executions)
      await queueUse.ensure(
        namespace,
        executions.map(({ queue }) => queue),
      )
      return await context.transaction(async (session) => {
        const batch = await lockBatch(session, sql, namespace, entries)
        if (batch.entries.length > 0) {
          const folded = await writeVerdicts(session, { sql, removal }, namespace, batch)
          await insertion.insertMissing(
            session,
            namespace,
            batch.entries.flatMap((entry) => entry.executions),
          )
          await spans.add(session, namespace, [...folded, ...batch.entries.flatMap((entry) => entry.spans)])
        }
        const planned = new Set(batch.entries)
        return entries.map((entry) => (planned.has(entry) ? 'planned' : 'conflict'))
      })
    },

    async backfill(namespace, { job, executions }) {
      await queueUse.ensure(
        namespace,
        executions.map(({ queue }) => queue),
      )
      return await context.transaction(async (session) => {
        await session.run(sql.lockJob, { namespace, job })
        const keys = executions.flatMap(({ dedupeKey }) => dedupeKey ?? [])
        const found = await session.run<{ dedupe_key: string }>(sql.takenKeys, { namespace, job, keys })
        const taken = new Set(found.rows.map(({ dedupe_key: key }) => key))
        const missing = executions.filter(({ dedupeKey }) => {
          if (dedupeKey === null) return true
          if (taken.has(dedupeKey)) return false
          taken.add(dedupeKey)
          return true
        })
        const tickOf = ({ origin, scheduledFor }: (typeof missing)[number]): number | null =>
          isTickOrigin(origin) ? scheduledFor : null
        const free = new Set(
          await spans.take(
            session,
            namespace,
            job,
            missing.flatMap((each) => tickOf(each) ?? []),
          ),
        )
        const filled = missing.filter((each) => {
          const tick = tickOf(each)
          return tick === null || free.has(tick)
        })
        await insertion.insertMissing(session, namespace, filled)
        return filled.length
      })
    },
  }
}

interface PlaceRow {
  readonly name: string | null
  readonly plan_at: unknown
  readonly now: unknown
}

interface PlannedRow {
  readonly name: string
  readonly queue_pauses: string
  readonly has_live_handler: unknown
}

interface LateRow {
  readonly job: string
  readonly id: string
  readonly scheduled_for: unknown
}

function lateTickOf({ id, scheduled_for: tick }: LateRow): LateTick {
  return { executionId: id, scheduledFor: integerOf(tick) }
}
