import { endingColumns } from '../ending/ending-columns.ts'
import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'
import { candidateColumns, claimableColumns } from './claimable-row.ts'

/** Verdicts of one kind in one pass; the rest follows with the next pass, at once. */
export const AT_ONCE = 200
/** Index entries that a pass looks at in the order of a queue; beyond, it goes on lane by lane. */
export const MOST_SCANNED = 1_000
/** What other transactions hold is looked at again so soon. Milliseconds. */
export const AGAIN_MS = 2
const AS_MANY_AS_WAIT = 10_000

/**
 * Statements of a claim's transaction. Beside the instance and queues with a limit it waits for no lock of another
 * transaction: what is locked is passed over. So it may lock in the order in which it learns, and no ring can form.
 */
export function claimSql(context: ServerContext) {
  const { server, tables: t, sql, clock } = context
  const u = t.unsettled
  const columns = claimableColumns(context)
  const seqs = sql.list(':seqs', 'v', 'integer')
  const jobs = sql.list(':jobs', 'v', 'key')
  const queues = sql.list(':queues', 'v', 'key')
  const keys = sql.list(':keys', 'v', 'key')
  // MySQL knows SKIP LOCKED behind FOR SHARE only, which MariaDB does not know at all.
  const share = server.dialect === 'mysql' ? 'FOR SHARE SKIP LOCKED' : `${sql.forShare} SKIP LOCKED`
  const guards = `${keys} ${sql.seek({ table: t.fences, alias: 'f', on: 'f.namespace = :namespace AND f.guard_key = v.value' })}`
  const queueColumns = `q.name, q.cluster_limit, q.pauses, ${clock.nowMs} AS now`
  const namedQueues = `${queues} ${sql.seek({ table: t.queues, alias: 'q', on: 'q.namespace = :namespace AND q.name = v.value' })}`
  const isLive = 'i.is_gone = 0 AND i.dead_at IS NULL AND i.lease_until > :now'
  return {
    /** A claim whose reply was lost is over before it is repeated; recovery declares nobody dead who claims. */
    lockInstance: `SELECT i.lease_until, ${clock.nowMs} AS now FROM ${t.instances} AS i
      WHERE i.namespace = :namespace AND i.id = :instance AND i.dead_at IS NULL FOR UPDATE`,

    /** What was sent under a token before it is repeated, and comes late, takes nothing any more. */
    closeToken: `UPDATE ${t.instances} SET claim_token = ${sql.integer(':token')}
      WHERE namespace = :namespace AND id = :instance`,

    heldUnderToken: `SELECT ${columns} FROM ${u} AS x
      WHERE x.namespace = :namespace AND x.held_by = :instance AND x.claim_token = :token`,

    // Rule 13: whoever pauses changes the row, hence before it is read or after the claim is over.

    shareQueues: `SELECT ${queueColumns} FROM ${namedQueues} ${share}`,
    /** Rule 20: who counts what is held waits for who counted before. */
    lockQueues: `SELECT ${queueColumns} FROM ${namedQueues} ORDER BY q.name FOR UPDATE`,
    shareJobs: `SELECT j.name, j.queue, j.overlap, j.on_interrupt, j.retry_until, j.pauses, ${clock.nowMs} AS now
      FROM ${jobs} ${sql.seek({ table: t.jobs, alias: 'j', on: 'j.namespace = :namespace AND j.name = v.value' })} ${share}`,

    // Rule 20: under the lock of the fence no other claim opens or judges anything of the job, or with the key.

    lockGuards: `SELECT ${sql.keyText('f.guard_key')} AS guard_key, f.fence FROM ${guards} FOR UPDATE SKIP LOCKED`,
    knownGuards: `SELECT ${sql.keyText('f.guard_key')} AS guard_key FROM ${guards}`,
    insertGuards: `INSERT INTO ${t.fences} (namespace, guard_key, fence)
      SELECT :namespace, v.value, 0 FROM ${keys} WHERE v.value IS NOT NULL ORDER BY v.value
      ${sql.ignoreExisting(t.fences, 'fence')}`,
    raiseGuards: (): string =>
      sql.updateLocked({
        table: t.fences,
        from: sql.rows(':rows', 'v', { guard_key: 'key', fence: 'integer' }),
        on: 'x.namespace = :namespace AND x.guard_key = v.guard_key',
        set: { fence: 'v.fence' },
      }),
    fences: `SELECT ${sql.keyText('f.guard_key')} AS guard_key, f.fence FROM ${guards}`,

    /**
     * The open executions of exclusive jobs: '<job>' for the one that counts as such, '<job>#<id>' ('$' follows '#') for
     * those that began when it was not exclusive. Between the first of the jobs and the end of the last: MySQL searches
     * no index for a range that each row of a list begins anew.
     */
    open: `SELECT ${endingColumns(sql)}, x.status FROM ${u} AS x ${sql.join} ${jobs} ON v.value = x.job
      WHERE x.namespace = :namespace AND x.open_key >= :firstJob AND x.open_key < :end`,
    /** Ticks that were judged and wait for their first claim. */
    waitingTicks: `SELECT ${endingColumns(sql)}, x.is_catch_up FROM ${jobs}
      ${sql.seek({ table: u, alias: 'x', on: 'x.namespace = :namespace AND x.waiting_job = v.value' })}
      WHERE x.is_ledger = 1 AND x.attempt = 0 LIMIT ${AS_MANY_AS_WAIT}`,
    lastOutcomes: `SELECT a.execution_seq, a.outcome FROM ${seqs}
      ${sql.seek({ table: t.attempts, alias: 'a', on: 'a.execution_seq = v.value' })} ORDER BY a.execution_seq, a.number`,

    /** Rules 17 and 20: only live leases count, and none that was abandoned. */
    heldInQueues: `SELECT v.value AS queue, COUNT(*) AS n FROM ${queues}
      JOIN ${t.instances} AS i ON i.namespace = :namespace
      JOIN ${u} AS x ON x.namespace = :namespace AND x.held_by = i.id AND x.queue = v.value
      WHERE ${isLive} AND x.abandoned_at IS NULL GROUP BY v.value`,
    heldWithKeys: `SELECT v.job, v.held_key, COUNT(*) AS n FROM ${sql.rows(':rows', 'v', { job: 'key', held_key: 'key' })}
      ${sql.seek({ table: u, alias: 'x', on: 'x.namespace = :namespace AND x.job = v.job AND x.held_key = v.held_key' })}
      JOIN ${t.instances} AS i ON i.namespace = x.namespace AND i.id = x.held_by
      WHERE ${isLive} AND x.abandoned_at IS NULL GROUP BY v.job, v.held_key`,

    // Rows.

    lockTicks: (limit: number): string => `SELECT ${columns} FROM ${seqs} ${seekUnsettled(context, 'x.seq = v.value')}
      WHERE x.status = 'scheduled' AND x.is_judged = 0 LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
    /**
     * The first due rows of one priority from where the look has found one, longest due first, that no other claim has
     * locked.
     */
    lockDue: (limit: number): string => `SELECT ${columns} FROM ${u} AS x
      WHERE x.namespace = :namespace AND x.waiting_queue = :queue AND x.priority = :priority
        AND x.due_at >= :since AND x.due_at <= :now
      ORDER BY x.due_at, x.seq LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
    lockWaiting: `SELECT ${columns} FROM ${seqs} ${seekUnsettled(context, 'x.seq = v.value')}
      WHERE x.waiting_queue IS NOT NULL FOR UPDATE SKIP LOCKED`,
    /** Open or waiting executions that a verdict changes. */
    lockJudged: `SELECT x.seq, x.status, x.fence FROM ${seqs} ${seekUnsettled(context, 'x.seq = v.value')}
      FOR UPDATE SKIP LOCKED`,
    /** What waited longer than it may; what has started once is no longer concerned. */
    lockExpired: `SELECT ${columns} FROM ${u} AS x WHERE x.namespace = :namespace AND x.expiring_at < :now
      ORDER BY x.expiring_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED`,
    /** Due runs that are to be skipped while another execution is open. */
    skippable: `SELECT x.seq, x.job FROM ${u} AS x
      WHERE x.namespace = :namespace AND x.skippable_at <= :now AND x.is_exclusive = 1 AND x.attempt = 0
      ORDER BY x.skippable_at LIMIT ${AT_ONCE}`,
    /** Due rows of one priority in their order; only the index is read. */
    scan: `SELECT ${candidateColumns(sql)} FROM ${u} AS x
      WHERE x.namespace = :namespace AND x.waiting_queue = :queue AND x.priority = :priority
        AND x.due_at >= :since AND x.due_at <= :now
      ORDER BY x.due_at, x.seq LIMIT ${MOST_SCANNED}`,

    // Writes.

    take: (): string =>
      sql.updateLocked({
        table: u,
        from: sql.rows(':rows', 'v', {
          seq: 'integer',
          status: 'key',
          started_at: 'integer',
          fence: 'integer',
          open_key: 'key',
        }),
        on: 'x.seq = v.seq',
        set: {
          status: 'v.status',
          is_judged: '1',
          instance: ':instance',
          claim_token: sql.integer(':token'),
          claimed_at: sql.integer(':now'),
          started_at: 'v.started_at',
          abandoned_at: 'NULL',
          progress: 'NULL',
          fence: 'v.fence',
          attempt: 'x.attempt + 1',
          open_key: 'v.open_key',
        },
      }),
    keep: (): string => sql.updateLocked({ table: u, from: seqs, on: 'x.seq = v.value', set: { is_judged: '1' } }),
    requestCancel: (): string =>
      sql.updateLocked({
        table: u,
        from: seqs,
        on: 'x.seq = v.value AND x.cancel_requested_at IS NULL',
        set: { cancel_requested_at: sql.integer(':now'), cancel_requested_by: "'system:overlap'" },
      }),
  }
}
