import { PUNCTUAL_MS } from '../policy/overlap.ts'
import type { BackfillRequest, DueJob, LateTick, PlanEntry, PlanStore } from '../store/plan-store.ts'
import { type ExecutionRow, isLedgerTick } from './execution-row.ts'
import type { JobTable } from './job-table.ts'
import type { MemoryTables } from './memory-tables.ts'
import type { MemoryRole } from './memory-role.ts'
import { newRow } from './new-row.ts'
import { samePauses } from './pauses.ts'
import { fallDue, insertRow, place, withdraw } from './placement.ts'
import { addSpan, takeFromSpan } from './spans.ts'
import { foldTick } from './ending.ts'

/** From schedules to rows. */
export const planning: MemoryRole<PlanStore> = (at) => ({
  async dueJobs(namespace, request) {
    const { tables, now } = at(namespace)
    fallDue(tables, now)
    const { found, nextTickAt } = dueTables(tables, request.until, request.limit)
    for (const name of request.late) {
      const job = tables.jobs.get(name)
      if (job?.state != null && job.state.retiredAt === null && !found.includes(job)) found.push(job)
    }
    return { jobs: found.map((job) => dueJob(tables, job, now, request.maxLateTicks)), nextTickAt, now }
  },

  async plan(namespace, entries) {
    const { tables, now } = at(namespace)
    const results = entries.map((entry) => (planJob(tables, entry, now) ? 'planned' : 'conflict'))
    tables.hint()
    return results
  },

  async backfill(namespace, request) {
    const { tables, now } = at(namespace)
    const count = fill(tables, request, now)
    if (count > 0) tables.hint()
    return count
  },
})

function dueTables(
  { planned }: MemoryTables,
  until: number,
  limit: number,
): { readonly found: JobTable[]; readonly nextTickAt: number | null } {
  const found: JobTable[] = []
  const first = planned.peek()
  if (first === undefined || first.plannedAt > until) return { found, nextTickAt: first?.plannedAt ?? null }
  for (const job of planned.inOrder()) {
    if (job.plannedAt > until || found.length >= limit) return { found, nextTickAt: job.plannedAt }
    found.push(job)
  }
  return { found, nextTickAt: null }
}

function dueJob(tables: MemoryTables, job: JobTable, now: number, maxLateTicks: number): DueJob {
  const lateTicks: LateTick[] = []
  for (const row of job.unjudged.inOrder()) {
    if (row.scheduledFor >= now - PUNCTUAL_MS || lateTicks.length >= maxLateTicks) break
    lateTicks.push({ executionId: row.id, scheduledFor: row.scheduledFor })
  }
  const state = stateOf(job)
  const { pauses: queuePauses } = tables.queue(state.current.spec.queue)
  return { state, queuePauses, hasLiveHandler: job.hasLiveHandler(now), lateTicks }
}

function planJob(tables: MemoryTables, entry: PlanEntry, now: number): boolean {
  const job = tables.jobs.get(entry.job)
  if (job?.state == null || !isAsExpected(job, entry)) return false
  const fold = unjudgedRows(tables, entry.fold)
  const keep = unjudgedRows(tables, entry.keep)
  if (fold === null || keep === null) return false // someone has judged one of them meanwhile

  for (const execution of entry.executions) {
    if (execution.dedupeKey !== null && job.byDedupeKey.has(execution.dedupeKey)) continue
    insertRow(tables, newRow(execution, now), now)
  }
  for (const [row, { reason }] of fold) foldTick(tables, row, reason)
  for (const span of entry.spans) addSpan(tables, job, span)
  for (const [row, { missed }] of keep) {
    withdraw(tables, row)
    row.isJudged = true
    row.missed = missed
    place(tables, row, now)
  }
  const plannedUntil = Math.max(job.state.plannedUntil, entry.plannedUntil)
  job.state = { ...job.state, plannedUntil, nextTickAt: entry.nextTickAt, pauses: entry.pauses }
  tables.reschedule(job)
  return true
}

function isAsExpected({ state }: JobTable, { expected }: PlanEntry): boolean {
  return (
    state !== null &&
    state.retiredAt === null &&
    state.current.revision === expected.revision &&
    state.plannedUntil === expected.plannedUntil &&
    samePauses(state.pauses, expected.pauses)
  )
}

function unjudgedRows<Verdict extends { readonly executionId: string }>(
  tables: MemoryTables,
  verdicts: readonly Verdict[],
): [ExecutionRow, Verdict][] | null {
  const rows: [ExecutionRow, Verdict][] = []
  for (const verdict of verdicts) {
    const row = tables.executions.get(verdict.executionId)
    if (row === undefined || row.isJudged || row.status !== 'scheduled') return null
    rows.push([row, verdict])
  }
  return rows
}

function fill(tables: MemoryTables, request: BackfillRequest, now: number): number {
  const job = tables.job(request.job)
  let count = 0
  for (const execution of request.executions) {
    const row = newRow(execution, now)
    if (row.dedupeKey !== null && job.byDedupeKey.has(row.dedupeKey)) continue
    if (isLedgerTick(row) && !takeFromSpan(tables, job, row.scheduledFor)) continue
    insertRow(tables, row, now)
    count++
  }
  return count
}

function stateOf(job: JobTable): DueJob['state'] {
  if (job.state === null) throw new TypeError(`Job "${job.name}" has no definition`)
  return job.state
}
