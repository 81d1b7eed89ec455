import type { Scheduler } from '@escapement/core'
import { JOBS, SPAN_MS } from './seeded-file.ts'

/** One kind of read, asked with other values each time. */
export interface Reading {
  readonly name: string
  readonly kind: 'page' | 'statistics' | 'search'
  readonly read: (scheduler: Scheduler, now: number) => Promise<unknown>
}

const DAY_MS = 86_400_000

/** What the history pages of a dashboard ask for. */
export const READINGS: readonly Reading[] = [
  { name: 'newest 50', kind: 'page', read: (s) => s.executions({}, { limit: 50 }) },
  {
    name: '50 from a random instant',
    kind: 'page',
    read: (s, now) => s.executions({ to: someTime(now) }, { limit: 50 }),
  },
  { name: '50 oldest of a day', kind: 'page', read: (s, now) => oldestOfDay(s, now) },
  { name: 'a page far behind, by its cursor', kind: 'page', read: (s, now) => farBehind(s, now) },
  {
    name: 'one job',
    kind: 'page',
    read: (s, now) => s.executions({ jobs: [someJob()], to: someTime(now) }, { limit: 50 }),
  },
  {
    name: 'three jobs',
    kind: 'page',
    read: (s, now) => s.executions({ jobs: [someJob(), someJob(), someJob()], to: someTime(now) }, { limit: 50 }),
  },
  {
    name: 'failed',
    kind: 'page',
    read: (s, now) => s.executions({ statuses: ['failed', 'timed_out'], to: someTime(now) }, { limit: 50 }),
  },
  {
    name: 'succeeded',
    kind: 'page',
    read: (s, now) => s.executions({ statuses: ['succeeded'], to: someTime(now) }, { limit: 50 }),
  },
  {
    name: 'failed of one job',
    kind: 'page',
    read: (s, now) => s.executions({ jobs: [someJob()], statuses: ['failed'], to: someTime(now) }, { limit: 50 }),
  },
  {
    name: 'running (none is)',
    kind: 'page',
    read: (s) => s.executions({ statuses: ['running', 'scheduled'] }, { limit: 50 }),
  },
  {
    name: 'one queue',
    kind: 'page',
    read: (s, now) => s.executions({ queues: ['queue-3'], to: someTime(now) }, { limit: 50 }),
  },
  {
    name: 'one origin',
    kind: 'page',
    read: (s, now) => s.executions({ origins: ['enqueued'], to: someTime(now) }, { limit: 50 }),
  },
  { name: 'one execution with its attempts', kind: 'page', read: (s, now) => oneExecution(s, now) },
  { name: 'ledger of one job, a day', kind: 'page', read: (s, now) => ledgerOfDay(s, now) },
  {
    name: 'one job, an hour',
    kind: 'statistics',
    read: (s, now) => s.stats({ job: someJob(), from: now - 3_600_000, to: now }),
  },
  {
    name: 'one job, a day',
    kind: 'statistics',
    read: (s, now) => s.stats({ job: someJob(), from: now - DAY_MS, to: now }),
  },
  {
    name: 'one job, 30 days',
    kind: 'statistics',
    read: (s, now) => s.stats({ job: someJob(), from: now - SPAN_MS, to: now }),
  },
  { name: 'all jobs, an hour', kind: 'statistics', read: (s, now) => s.stats({ from: now - 3_600_000, to: now }) },
  { name: 'all jobs, a day', kind: 'statistics', read: (s, now) => s.stats({ from: now - DAY_MS, to: now }) },
  { name: 'all jobs, 30 days', kind: 'statistics', read: (s, now) => s.stats({ from: now - SPAN_MS, to: now }) },
  { name: 'text that many contain', kind: 'search', read: (s) => s.executions({ search: 'upstream' }, { limit: 50 }) },
  {
    name: 'text that none contains',
    kind: 'search',
    read: (s) => s.executions({ search: 'no such text' }, { limit: 50 }),
  },
]

function someTime(now: number): number {
  return Math.floor(now - Math.random() * SPAN_MS)
}

function someJob(): string {
  return `bench.job-${String(Math.floor(Math.random() * JOBS)).padStart(3, '0')}`
}

async function oldestOfDay(scheduler: Scheduler, now: number): Promise<unknown> {
  const from = someTime(now)
  return await scheduler.executions({ from, to: from + DAY_MS }, { limit: 50, order: 'oldest' })
}

let farCursor: string | null = null

/** Walks on from where the call before ended, so that each answer is a page that only its cursor can find. */
async function farBehind(scheduler: Scheduler, now: number): Promise<unknown> {
  const filter = { to: Math.floor(now - SPAN_MS / 2) }
  const page = await scheduler.executions(filter, { limit: 50, cursor: farCursor })
  farCursor = page.next
  return page
}

let knownIds: readonly string[] = []

async function oneExecution(scheduler: Scheduler, now: number): Promise<unknown> {
  if (knownIds.length === 0) {
    const { items } = await scheduler.executions({ to: someTime(now) }, { limit: 500 })
    knownIds = items.map(({ id }) => id)
  }
  return await scheduler.execution(knownIds[Math.floor(Math.random() * knownIds.length)] ?? '')
}

async function ledgerOfDay(scheduler: Scheduler, now: number): Promise<unknown> {
  const from = someTime(now - DAY_MS)
  return await scheduler.ticks(someJob(), { from, to: from + DAY_MS })
}
