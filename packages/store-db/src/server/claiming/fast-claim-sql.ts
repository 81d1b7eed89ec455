import type { ServerContext } from '../server-context.ts'
import { fastClaimedColumns } from './fast-claimed.ts'

/**
 * The claim of the common case in one statement that commits by itself, for servers that pass on what they lock
 * (PostgreSQL).
 *
 * Invariants: it waits for no lock of another transaction. It reads everything that it decides by under a lock: FOR
 * SHARE and FOR UPDATE follow a row to its newest version, whatever the statement's snapshot shows (rule 13), and each
 * locking part is a CTE of its own, so that what others have changed meanwhile is compared after the lock. And it takes all
 * rows that it has locked or none: one that is not common is for the pass, with whatever comes behind it.
 */
export function fastClaimSql(context: ServerContext) {
  const { tables: t, sql, clock } = context
  const slots = sql.integer(':slots')
  const most = sql.integer(':most')
  const isDue = `x.namespace = :namespace AND x.waiting_queue = :queue AND x.priority = :priority
          AND x.due_at >= :since AND x.due_at <= (SELECT m.now FROM m)`
  const isCommon = `d.job = ANY(:handlers::text[]) AND d.is_exclusive = 0 AND d.concurrency_key = ''
      AND (d.expiring_at IS NULL OR d.expiring_at >= m.now) AND j.overlap = 'allow' AND j.retry_until <> 'next-tick'
      AND (d.is_tick = 0 OR j.pauses = '[]')
      AND (d.place <= ${slots} OR (d.was_interrupted = 0 AND j.on_interrupt <> 'fail'))`
  const first = `ARRAY(SELECT d.seq FROM judged AS d WHERE d.place <= ${slots})`
  /**
   * The first due rows of one priority of one queue. Answers a row without `seq` when it took none, and nothing when the
   * instance itself may not claim or is locked, or has said that nothing comes under this token any more, or when the look
   * does not hold any more.
   *
   * `outcome`: 'closed' when the queue has been paused or limited since the look, or is locked; 'uncommon' when a row
   * is for the pass; 'short' when there was less than was asked for, and others hold some, for now. `pauses`: those of
   * the queue, as the look has seen them; none was in force.
   */
  const claim = `WITH own AS MATERIALIZED (
        SELECT ${clock.nowMs} AS now, i.lease_until, i.claim_token FROM ${t.instances} AS i
        WHERE i.namespace = :namespace AND i.id = :instance AND i.dead_at IS NULL FOR UPDATE SKIP LOCKED
      ), m AS MATERIALIZED (
        SELECT o.now FROM own AS o WHERE o.lease_until > o.now AND o.claim_token < ${sql.integer(':token')}
          AND o.now < ${sql.integer(':holdsUntil')}
      ), queue AS MATERIALIZED (
        SELECT q.cluster_limit, q.pauses FROM ${t.queues} AS q
        WHERE q.namespace = :namespace AND q.name = :queue AND EXISTS (SELECT 1 FROM m) FOR SHARE SKIP LOCKED
      ), opened AS MATERIALIZED (
        SELECT 1 FROM queue AS q WHERE q.cluster_limit IS NULL AND q.pauses = :pauses
      ), due AS MATERIALIZED (
        SELECT x.seq, x.job, x.due_at, x.expiring_at, x.is_tick, x.is_exclusive, x.concurrency_key, x.was_interrupted
        FROM ${t.unsettled} AS x
        WHERE ${isDue} AND EXISTS (SELECT 1 FROM opened)
        ORDER BY x.due_at, x.seq LIMIT ${most} FOR UPDATE SKIP LOCKED
      ), job AS MATERIALIZED (
        SELECT j.name, j.overlap, j.on_interrupt, j.retry_until, j.pauses
        FROM (SELECT DISTINCT x.job FROM due AS x) AS d ${sql.seek({ table: t.jobs, alias: 'j', on: 'j.namespace = :namespace AND j.name = d.job' })}
        FOR SHARE OF j SKIP LOCKED
      ), judged AS MATERIALIZED (
        SELECT d.seq, d.place, COALESCE(${isCommon}, FALSE) AS is_common
        FROM m, (SELECT x.*, ROW_NUMBER() OVER (ORDER BY x.due_at, x.seq) AS place FROM due AS x) AS d
          LEFT JOIN job AS j ON j.name = d.job
      ), taken AS (
        UPDATE ${t.unsettled} AS x
        SET status = CASE WHEN x.seq = ANY(${first}) THEN 'running' ELSE 'claimed' END,
          started_at = CASE WHEN x.seq = ANY(${first}) THEN m.now END,
          instance = :instance, claim_token = ${sql.integer(':token')}, claimed_at = m.now,
          fence = GREATEST(x.fence + 1, m.now * 1000), attempt = x.attempt + 1,
          open_key = NULL, abandoned_at = NULL, progress = NULL
        FROM m
        WHERE x.seq = ANY(ARRAY(SELECT d.seq FROM judged AS d)) AND (SELECT BOOL_AND(d.is_common) FROM judged AS d)
        RETURNING ${fastClaimedColumns(context)}
      )
      SELECT m.now, CASE
        WHEN NOT EXISTS (SELECT 1 FROM opened) THEN 'closed'
        WHEN EXISTS (SELECT 1 FROM judged AS d WHERE NOT d.is_common) THEN 'uncommon'
        WHEN (SELECT COUNT(*) FROM due) < ${most} AND EXISTS (SELECT 1 FROM ${t.unsettled} AS x
          WHERE ${isDue} AND x.seq NOT IN (SELECT d.seq FROM due AS d)) THEN 'short'
        ELSE 'taken' END AS outcome, taken.*
      FROM m LEFT JOIN taken ON TRUE`
  return {
    claim: (): string => claim,

    /** The same with a plan of its own: that of a transaction, made when much waited. */
    claimOfMany: (): string => `/* of many */ ${claim}`,
  }
}
