import { type ServerDatabase, statement } from '@escapement/db'
import type { OnServer } from '@escapement/testkit/vitest'
import { openServerContext } from '../../src/server/open-server-context.ts'
import type { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { run, spec } from '../job-stage.ts'

const JOBS = 1_000
/** How often the first thousand jobs and executions are doubled. */
const DOUBLINGS = 4

/** Opens a server and fills its tables. */
export async function openFilled(
  { kind, url }: OnServer,
  open: (url: string) => ServerDatabase,
): Promise<ServerContext> {
  // As is set for solid state disks: by the default, tables of 20,000 narrow rows are still read whole, in 2 ms.
  const settings = kind === 'postgres' ? '?options=-c%20random_page_cost%3D1.1' : ''
  const context = await openServerContext({ database: open(url() + settings), prefix: 'escapement_', migrate: 'auto' })
  await fillTables(context)
  return context
}

/** Fills the tables so that reading one of them from end to end is never the cheapest way to a few rows. */
async function fillTables(context: ServerContext): Promise<void> {
  const store = serverRoles(context)
  const names = Array.from({ length: JOBS }, (_, index) => `job-${index}`)
  const changes = names.map((name) => ({
    job: { spec: { ...spec, name }, hash: name, version: null, hasHandler: true },
    expected: null,
    effectiveFrom: 0,
    nextTickAt: 1_000_000,
  }))
  for (let at = 0; at < JOBS; at += 500) await store.changeDefinitions('n', changes.slice(at, at + 500))
  await store.registerInstance('n', { id: 'i', name: 'i', version: null, leaseMs: 60_000 })
  await store.announceHandlers(
    'n',
    'i',
    names.map((job) => ({ job, hash: job })),
  )
  await store.enqueue(
    'n',
    names.map((job, index) => run({ job, dedupeKey: `key:${index}` })),
  )
  for (const text of growth(context)) await context.run(statement(text))
  for (const text of analysis(context)) await context.server.session((session) => session.exec(text))
}

function growth({ tables: t, sql }: ServerContext): string[] {
  const doubling = (
    place: number,
  ): string => `INSERT INTO ${t.executions} (namespace, id, job, revision, origin, dedupe_key,
      status, queue, priority, scheduled_for, due_at, created_at, finished_at, attempt, instance, is_ledger, is_tick,
      is_exclusive, concurrency_key)
    SELECT namespace, CONCAT(id, '-${place}'), job, revision, origin, CONCAT(${sql.keyText('dedupe_key')}, '-${place}'),
      'succeeded', queue, priority, scheduled_for + seq, due_at, created_at, due_at + seq, 1, 'i', 1, 1, 0, ''
    FROM ${t.executions}`
  const doublingJobs = (place: number): string[] => [
    `INSERT INTO ${t.job_revisions} (namespace, job, revision, hash, spec, effective_from)
      SELECT namespace, CONCAT(job, '-${place}'), revision, hash, spec, effective_from FROM ${t.job_revisions}`,
    `INSERT INTO ${t.jobs} (namespace, name, revision, planned_until, next_tick_at, first_registered_at, queue, labels,
        overlap, on_interrupt, retry_until, is_system)
      SELECT namespace, CONCAT(name, '-${place}'), revision, planned_until, next_tick_at + 1, first_registered_at, queue,
        labels, overlap, on_interrupt, retry_until, is_system FROM ${t.jobs}`,
  ]
  return [
    ...Array.from({ length: DOUBLINGS }, (_, place) => [doubling(place), ...doublingJobs(place)]).flat(),
    ...Array.from(
      { length: DOUBLINGS },
      (_, place) => `INSERT INTO ${t.handlers} (namespace, job, instance, hash)
        SELECT namespace, job, CONCAT(instance, '-${place}'), hash FROM ${t.handlers}`,
    ),
    // Many are unsettled, as after an outage.
    `INSERT INTO ${t.unsettled} (seq, namespace, id, job, revision, dedupe_key, status, queue, priority, scheduled_for, due_at,
        is_ledger, is_tick, is_judged, is_catch_up, is_exclusive, if_open, concurrency_key)
      SELECT seq, namespace, id, job, revision, dedupe_key, 'scheduled', queue, priority, scheduled_for, due_at,
        1, 1, 1, 0, 0, 'wait', '' FROM ${t.executions} WHERE finished_at IS NOT NULL`,
    `INSERT INTO ${t.attempts} (execution_seq, number, instance, fence, claimed_at, finished_at, outcome)
      SELECT seq, 1, 'i', 1, 1, 1, 'succeeded' FROM ${t.executions}`,
    `INSERT INTO ${t.spans} (namespace, job, from_at, to_at, revision, count, reason)
      SELECT namespace, job, seq, seq + 1, 1, 2, 'misfire' FROM ${t.executions}`,
    `INSERT INTO ${t.stats} (namespace, job, bucket, width, instance, succeeded, failed, timed_out, cancelled, retries,
        interruptions, duration_sum_ms, lateness_sum_ms, duration, lateness)
      SELECT namespace, job, seq, 60000, '', 1, 0, 0, 0, 0, 0, 0, 0, '{}', '{}' FROM ${t.executions}`,
    `INSERT INTO ${t.fences} (namespace, guard_key, fence) SELECT namespace, id, seq FROM ${t.executions}`,
  ]
}

function analysis({ tables: t, server }: ServerContext): string[] {
  const large = [t.executions, t.unsettled, t.attempts, t.spans, t.stats, t.fences, t.jobs, t.job_revisions, t.handlers]
  return large.map((table) => (server.dialect === 'postgres' ? `ANALYZE ${table}` : `ANALYZE TABLE ${table}`))
}
