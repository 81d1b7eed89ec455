import type { Span } from '../store/span.ts'
import { isLedgerTick } from './execution-row.ts'
import type { JobTable } from './job-table.ts'
import type { MemoryTables } from './memory-tables.ts'
import type { SpanRow } from './span-row.ts'

/** Adds a span, merged with a neighbour of the same verdict and revision between which no other tick lies (rule 4). */
export function addSpan(tables: MemoryTables, job: JobTable, span: Omit<Span, 'job'>): void {
  const before = job.spans.lastBefore((other) => other.from <= span.from)
  let merged: SpanRow
  if (before !== undefined && isOneVerdict(before, span) && isNothingBetween(job, before.to, span.from)) {
    merged = before
    merged.to = span.to
    merged.count += span.count
  } else {
    merged = { ...span, job: job.name, heapIndex: -1, order: tables.spanOrder++, endWhenQueued: span.to }
    job.spans.add(merged)
    tables.endedSpans.push(merged)
  }
  const after = job.spans.firstFrom((other) => other.from <= merged.to)
  if (after === undefined || !isOneVerdict(merged, after) || !isNothingBetween(job, merged.to, after.from)) return
  merged.to = after.to
  merged.count += after.count
  removeSpan(tables, job, after)
}

/**
 * Takes one tick out of the span that covers it. False: it has a verdict there that came from running, so that it must
 * not run again.
 */
export function takeFromSpan(tables: MemoryTables, job: JobTable, tick: number): boolean {
  for (const span of job.spans.backFrom((other) => other.from <= tick)) {
    if (span.to < tick) continue
    if (hasRun(span)) return false
    span.count--
    if (span.count === 0) removeSpan(tables, job, span)
    return true
  }
  return true
}

function removeSpan(tables: MemoryTables, job: JobTable, span: SpanRow): void {
  job.spans.remove(span)
  tables.endedSpans.remove(span)
}

function isOneVerdict(a: Omit<Span, 'job'>, b: Omit<Span, 'job'>): boolean {
  return a.revision === b.revision && a.reason === b.reason && a.to < b.from
}

function isNothingBetween(job: JobTable, after: number, before: number): boolean {
  for (const row of job.executions.from((other) => other.scheduledFor <= after)) {
    if (row.scheduledFor >= before) return true
    if (isLedgerTick(row)) return false
  }
  return true
}

function hasRun({ reason }: SpanRow): boolean {
  return reason === 'succeeded' || reason === 'failed' || reason === 'timed_out' || reason === 'cancelled'
}
