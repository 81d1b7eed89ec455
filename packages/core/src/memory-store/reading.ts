import type { Execution, WaitingFor } from '../store/execution.ts'
import { isPausedAt } from '../store/job-state.ts'
import type { Backlog, ReadStore } from '../store/read-store.ts'
import { type ExecutionRow, isHeld, isLedgerTick, toAttempts, toExecution, visibleStatus } from './execution-row.ts'
import { executionPage, jobPage, matchingRows } from './filtering.ts'
import { isLive } from './instance-row.ts'
import type { MemoryRole } from './memory-role.ts'
import type { MemoryTables } from './memory-tables.ts'
import { fallDue } from './placement.ts'
import { isOccupied } from './taking.ts'

/** Reads; none of them changes anything that a reader could see. */
export const reading: MemoryRole<ReadStore> = (at) => ({
  async executions(namespace, filter, page) {
    const { tables, now } = at(namespace)
    const { items, next } = executionPage(tables, filter, page)
    return { items: items.map((row) => snapshot(tables, row, now)), next }
  },

  async countExecutions(namespace, filter, cap) {
    let count = 0
    for (const _ of matchingRows(at(namespace).tables, filter, 'oldest', null)) if (++count >= cap) break
    return count
  },

  async execution(namespace, id) {
    const { tables, now } = at(namespace)
    const row = tables.executions.get(id)
    return row === undefined ? null : { execution: snapshot(tables, row, now), attempts: toAttempts(row) }
  },

  async jobs(namespace, filter, page) {
    return jobPage(at(namespace).tables, filter, page)
  },

  async instances(namespace) {
    const { tables, now } = at(namespace)
    return [...tables.instances.values()].map((row) => ({
      id: row.id,
      name: row.name,
      version: row.version,
      startedAt: row.startedAt,
      heartbeatAt: row.heartbeatAt,
      leaseUntil: row.leaseUntil,
      isAlive: isLive(row, now),
      running: [...row.held].filter(({ status }) => status === 'running').length,
    }))
  },

  async spans(namespace, name, from, to, limit) {
    const found = []
    for (const span of at(namespace).tables.jobs.get(name)?.spans.from() ?? []) {
      if (span.from > to || found.length >= limit) break
      if (span.to < from) continue
      const { job, revision, count, reason } = span
      found.push({ job, revision, from: span.from, to: span.to, count, reason })
    }
    return found
  },

  async tickExecutions(namespace, name, from, to, limit) {
    const { tables, now } = at(namespace)
    const found: Execution[] = []
    for (const row of tables.jobs.get(name)?.executions.from((other) => other.scheduledFor < from) ?? []) {
      if (row.scheduledFor > to || found.length >= limit) break
      if (isLedgerTick(row)) found.push(snapshot(tables, row, now))
    }
    return found
  },

  async stats(namespace, { job, from, to }) {
    return at(namespace).tables.statistics.read(job, from, to)
  },

  async backlog(namespace) {
    const { tables, now } = at(namespace)
    fallDue(tables, now)
    const byQueue = new Map<string, { queue: string; due: number; running: number; oldestDueMs: number }>()
    const of = (queue: string): { -readonly [Key in keyof Backlog]: Backlog[Key] } => {
      const known = byQueue.get(queue) ?? { queue, due: 0, running: 0, oldestDueMs: 0 }
      byQueue.set(queue, known)
      return known
    }
    for (const row of dueRows(tables)) {
      const entry = of(row.queue)
      entry.due++
      entry.oldestDueMs = Math.max(entry.oldestDueMs, now - row.dueAt)
    }
    for (const { held } of tables.openInstances) {
      for (const row of held) if (row.status === 'running') of(row.queue).running++
    }
    return [...byQueue.values()]
  },

  async stranded(namespace, limit) {
    const { tables, now } = at(namespace)
    fallDue(tables, now)
    const names = new Set<string>()
    for (const { job } of dueRows(tables)) {
      if (names.size >= limit) break
      if (!names.has(job) && !tables.job(job).hasLiveHandler(now)) names.add(job)
    }
    return [...names]
  },
})

function* dueRows(tables: MemoryTables): Generator<ExecutionRow> {
  for (const { lines } of tables.queues.values()) for (const { rows } of lines.values()) yield* rows.items
  for (const { unjudged } of tables.unjudgedJobs) yield* unjudged.items
}

function snapshot(tables: MemoryTables, row: ExecutionRow, now: number): Execution {
  const isComing = row.status === 'running' && (row.startedAt ?? 0) > now // taken for its instant
  if (isComing) return { ...toExecution(row, 'time'), status: 'scheduled', startedAt: null }
  return toExecution(row, visibleStatus(row) === 'scheduled' ? waitingFor(tables, row, now) : null)
}

function waitingFor(tables: MemoryTables, row: ExecutionRow, now: number): WaitingFor {
  if (isHeld(row)) return 'slot'
  if (row.dueAt > now) return row.attempt > 0 ? 'retry' : 'time'
  const isJobPaused = row.isTick && isPausedAt(tables.job(row.job).state?.pauses ?? [], now)
  if (isJobPaused || tables.queue(row.queue).isPaused(now)) return 'pause'
  if (!tables.job(row.job).hasLiveHandler(now)) return 'handler'
  return isOccupied({ job: tables.job(row.job), isExclusive: row.isExclusive, isOpen: row.attempt > 0 })
    ? 'overlap'
    : 'slot'
}
