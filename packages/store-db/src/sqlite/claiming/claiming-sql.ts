import type { TableNames } from '../../table-names.ts'
import { LIMIT } from '../bound-limit.ts'
import { ENDING_COLUMNS as ENDING } from '../ending-sql.ts'

/** What makes a row wait for its claim; the partial indexes `due` and `waiting` have the same words. */
const WAITS = "status = 'scheduled' AND is_judged = 1"
const HELD = "status IN ('claimed', 'running')"

/** The columns of a claimed execution. */
const CLAIMED = `seq, id, job, revision, queue, priority, scheduled_for, due_at, attempt, retries, interruptions, fence,
  claimed_at, started_at, input, missed, is_tick, is_exclusive, concurrency_key, concurrency_limit, created_by, traceparent`

/** The columns of a `Candidate`; the index `due` holds them all. */
const CANDIDATE =
  'seq, job, queue, priority, due_at, is_tick, is_exclusive, concurrency_key, concurrency_limit, was_interrupted'

/** The columns of a tick without a verdict. */
const TICK = `id, revision, scheduled_for, is_ledger, dedupe_key, fence, instance, attempt, expires_at, ${CANDIDATE}`

/** Statements of a claim pass. */
export function claimingSql(t: TableNames) {
  const e = t.executions
  return {
    instance: `SELECT lease_until, claim_token FROM ${t.instances} WHERE namespace = ? AND id = ? AND dead_at IS NULL`,

    /** Remembers the token, so that a repeated claim takes nothing more. */
    rememberClaim: `UPDATE ${t.instances} SET claim_token = ? WHERE namespace = ? AND id = ?`,

    heldUnderToken: `SELECT ${CLAIMED} FROM ${e} INDEXED BY ${e}_held
      WHERE namespace = ? AND instance = ? AND ${HELD} AND claim_token = ?`,

    queue: `SELECT cluster_limit, pauses FROM ${t.queues} WHERE namespace = ? AND name = ?`,
    jobs: `SELECT name, queue, overlap, on_interrupt, retry_until, pauses FROM ${t.jobs}
      WHERE namespace = ? AND name IN (SELECT value FROM json_each(?))`,

    // Judging (rules 11 to 13).

    /** When the first row of each kind asks for a judgement: one seek each. Parameter, three times: namespace. */
    firstToJudge: `SELECT
      (SELECT due_at FROM ${e} INDEXED BY ${e}_unjudged
        WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = 1 ORDER BY due_at LIMIT 1) AS tick,
      (SELECT expires_at FROM ${e} INDEXED BY ${e}_expiring
        WHERE namespace = ? AND ${WAITS} AND attempt = 0 AND expires_at IS NOT NULL ORDER BY expires_at LIMIT 1) AS expiry,
      (SELECT due_at FROM ${e} INDEXED BY ${e}_skippable
        WHERE namespace = ? AND status = 'scheduled' AND if_open = 'skip' ORDER BY due_at LIMIT 1) AS skippable`,

    /** Whose ticks without a verdict fell due in [from, to], earliest first; only the index is read. */
    unjudgedJobs: `SELECT seq, job FROM ${e} INDEXED BY ${e}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = 1 AND due_at >= ? AND due_at <= ?
      ORDER BY due_at ${LIMIT}`,

    /** Ticks without a verdict that fell due in [from, to], earliest first. */
    unjudgedTicks: `SELECT ${TICK} FROM ${e} INDEXED BY ${e}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = 1 AND due_at >= ? AND due_at <= ?
      ORDER BY due_at ${LIMIT}`,

    /** Ticks without a verdict that fall due in (from, to], earliest first. */
    comingTicks: `SELECT ${CANDIDATE} FROM ${e} INDEXED BY ${e}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = 1 AND due_at > ? AND due_at <= ?
      ORDER BY due_at ${LIMIT}`,

    ticks: `SELECT ${TICK} FROM ${e} WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY due_at`,

    /** Jobs with ticks without a verdict that are late; only the index is read. */
    lateJobs: `SELECT DISTINCT job FROM (SELECT job FROM ${e} INDEXED BY ${e}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = 1 AND due_at < ?
      ORDER BY due_at ${LIMIT})`,

    /** Due runs that are to be skipped while another execution is open. */
    skippable: `SELECT ${ENDING}, is_exclusive, due_at FROM ${e} INDEXED BY ${e}_skippable
      WHERE namespace = ? AND status = 'scheduled' AND if_open = 'skip' AND due_at <= ? ORDER BY due_at ${LIMIT}`,

    /**
     * The open executions of an exclusive job: '<job>' for the one that counts as such, '<job>#<id>' ('$' follows '#') for
     * those that began when it was not exclusive.
     */
    open: `SELECT ${ENDING}, status FROM ${e} INDEXED BY ${e}_open
      WHERE namespace = ? AND open_key >= ? AND open_key < ? || '$' AND open_key IS NOT NULL`,

    /** The open execution of an exclusive job, where it waits for another attempt: nothing else of the job may start. */
    openAndWaiting: `SELECT ${CANDIDATE} FROM ${e} INDEXED BY ${e}_open
      WHERE namespace = ? AND open_key >= ? AND open_key < ? || '$' AND open_key IS NOT NULL
        AND ${WAITS} AND due_at <= ? AND is_tick <= ?`,

    /** Ticks that were judged and wait for their first claim. */
    waitingTicks: `SELECT ${ENDING}, is_catch_up FROM ${e} INDEXED BY ${e}_waiting
      WHERE namespace = ? AND job = ? AND ${WAITS} AND is_ledger = 1 AND attempt = 0 ${LIMIT}`,

    keep: `UPDATE ${e} SET is_judged = 1 WHERE seq IN (SELECT value FROM json_each(?))`,
    lastOutcome: `SELECT outcome FROM ${t.attempts} WHERE execution_seq = ? ORDER BY number DESC LIMIT 1`,
    requestCancel: `UPDATE ${e} SET cancel_requested_at = ?, cancel_requested_by = ? WHERE seq = ? AND cancel_requested_at IS NULL`,

    /** What waited longer than it may; what has started once is no longer concerned. */
    expired: `SELECT ${ENDING} FROM ${e} INDEXED BY ${e}_expiring
      WHERE namespace = ? AND ${WAITS} AND attempt = 0 AND expires_at IS NOT NULL AND expires_at < ?
      ORDER BY expires_at ${LIMIT}`,

    // Selection: covering reads of `due` and `waiting` (see schema.ts).

    nextPriority: `SELECT priority FROM ${e} INDEXED BY ${e}_due
      WHERE namespace = ? AND queue = ? AND ${WAITS} AND priority < ? ORDER BY priority DESC LIMIT 1`,

    /** Due rows of one priority behind (due_at, seq), longest due first. */
    due: `SELECT ${CANDIDATE}
      FROM ${e} INDEXED BY ${e}_due
      WHERE namespace = ? AND queue = ? AND ${WAITS} AND priority = ? AND due_at <= ? AND (due_at, seq) > (?, ?)
      ORDER BY due_at, seq ${LIMIT}`,

    /** The next lane behind a job and key; `key` above all keys skips the rest of a job. */
    nextLane: `SELECT job, concurrency_key FROM ${e} INDEXED BY ${e}_waiting
      WHERE namespace = ? AND ${WAITS} AND (job, concurrency_key) > (?, ?) ORDER BY job, concurrency_key LIMIT 1`,

    lane: `SELECT ${CANDIDATE}
      FROM ${e} INDEXED BY ${e}_waiting
      WHERE namespace = ? AND job = ? AND concurrency_key = ? AND ${WAITS} AND due_at <= ? AND is_tick <= ?
      ORDER BY priority DESC, due_at ${LIMIT}`,

    /** When rows of one priority fall due next, earliest first. */
    future: `SELECT job, queue, due_at FROM ${e} INDEXED BY ${e}_due
      WHERE namespace = ? AND queue = ? AND ${WAITS} AND priority = ? AND due_at > ? ORDER BY due_at ${LIMIT}`,
    futureUnjudged: `SELECT job, queue, due_at FROM ${e} INDEXED BY ${e}_unjudged
      WHERE namespace = ? AND status = 'scheduled' AND is_judged = 0 AND is_ledger = ? AND due_at > ? ORDER BY due_at ${LIMIT}`,

    /** Rules 17 and 20: only live leases count, and none that was abandoned. CROSS JOIN: instances first, then a count in the index `held` for each. */
    heldInQueue: `SELECT count(*) AS n FROM ${t.instances} i INDEXED BY ${t.instances}_live CROSS JOIN ${e} x INDEXED BY ${e}_held
        ON x.namespace = i.namespace AND x.instance = i.id AND x.${HELD} AND x.queue = ? AND x.abandoned_at IS NULL
      WHERE i.namespace = ? AND i.dead_at IS NULL AND i.lease_until > ?`,
    heldWithKey: `SELECT count(*) AS n FROM ${e} x INDEXED BY ${e}_keyed
      JOIN ${t.instances} i ON i.namespace = x.namespace AND i.id = x.instance
      WHERE x.namespace = ? AND x.job = ? AND x.concurrency_key = ? AND x.${HELD} AND x.concurrency_key <> ''
        AND x.abandoned_at IS NULL AND i.dead_at IS NULL AND i.lease_until > ?`,

    // Taking.

    /**
     * Takes rows for an instance, each with a fence above all before: max(counter + 1, time in microseconds) (rule 16).
     * Parameters: status, instance, token, now, earliest start (null: taken ahead), micros, rows as JSON. max of null is null.
     */
    take: `UPDATE ${e} SET
        status = ?, is_judged = 1, instance = ?, claim_token = ?, claimed_at = ?, started_at = max(due_at, ?), abandoned_at = NULL, progress = NULL,
        fence = max(fence + 1, ?), attempt = attempt + 1,
        open_key = CASE is_exclusive WHEN 1 THEN job ELSE (SELECT job || '#' || id FROM ${t.jobs} j
          WHERE j.namespace = ${e}.namespace AND j.name = job AND (j.overlap <> 'allow' OR j.retry_until = 'next-tick')) END
      WHERE seq IN (SELECT value FROM json_each(?)) RETURNING ${CLAIMED}`,

    /** The counter of a guard key only grows, also when it was forgotten. */
    raiseFence: `INSERT INTO ${t.fences} (namespace, key, fence) VALUES (?, ?, ?)
      ON CONFLICT (namespace, key) DO UPDATE SET fence = max(fence + 1, excluded.fence) RETURNING fence`,
    fence: `SELECT fence FROM ${t.fences} WHERE namespace = ? AND key = ?`,
  }
}

/** The statements of a claim pass by name. */
export type ClaimingSql = ReturnType<typeof claimingSql>
