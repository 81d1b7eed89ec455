import { systemRuntime } from '@escapement/base'
import { Client } from 'pg'
import type { ServerFloor, ServerFloorRow } from './server-floor.ts'

const INSTANCE = 'floor'
const JOB = 'bench.no-op'
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

const COPIED = `seq, namespace, id, job, revision, queue, priority, scheduled_for, due_at, is_ledger, is_tick, is_exclusive,
  concurrency_key`
const INSERT = {
  name: 'floor_insert',
  text: `WITH x AS (INSERT INTO escapement_executions (namespace, id, job, revision, origin, status, queue, priority,
        scheduled_for, due_at, created_at, is_ledger, is_tick, is_exclusive, concurrency_key, input)
      SELECT 'default', v.id, '${JOB}', 1, 'enqueued', 'scheduled', 'default', 0, c.now, c.now, c.now, 0, 0, 0, '', v.input
      FROM (SELECT ${NOW} AS now) AS c, unnest($1::text[], $2::text[]) AS v (id, input)
      RETURNING ${COPIED})
    INSERT INTO escapement_unsettled (${COPIED}, status, is_judged, is_catch_up, if_open)
    SELECT ${COPIED}, 'scheduled', 1, 0, 'wait' FROM x`,
}
const CLAIM = {
  name: 'floor_claim',
  text: `WITH c AS MATERIALIZED (SELECT ${NOW} AS now)
    UPDATE escapement_unsettled AS x
    SET status = 'running', claimed_at = c.now, started_at = c.now, instance = '${INSTANCE}', claim_token = $1,
      fence = GREATEST(x.fence + 1, c.now * 1000), attempt = x.attempt + 1
    FROM c, (SELECT seq FROM escapement_unsettled
      WHERE namespace = 'default' AND waiting_queue = 'default' AND due_at <= (SELECT now FROM c)
      ORDER BY priority DESC, due_at, seq LIMIT $2 FOR UPDATE SKIP LOCKED) AS v
    WHERE x.seq = v.seq
    RETURNING x.seq, (SELECT input FROM escapement_executions AS e WHERE e.seq = x.seq) AS input, x.fence, x.attempt, x.due_at`,
}
const COUNT = `INSERT INTO escapement_stats (namespace, job, bucket, width, instance, succeeded, failed, timed_out, cancelled,
      retries, interruptions, duration_sum_ms, lateness_sum_ms, duration, lateness)
    VALUES ('default', '${JOB}', ${NOW} / 60000 * 60000, 60000, '${INSTANCE}', $1, 0, 0, 0, 0, 0, 0, $2, $3, $4)
    ON CONFLICT (namespace, job, bucket, width, instance) DO UPDATE SET
      succeeded = escapement_stats.succeeded + excluded.succeeded,
      lateness_sum_ms = escapement_stats.lateness_sum_ms + excluded.lateness_sum_ms,
      duration = excluded.duration, lateness = excluded.lateness`
const CLOSE = `closed AS (DELETE FROM escapement_unsettled AS u USING unnest($5::bigint[], $6::bigint[]) AS v (seq, fence)
      WHERE u.seq = v.seq AND u.fence = v.fence RETURNING u.*)`
const SETTLE = {
  name: 'floor_settle',
  text: `WITH counted AS (${COUNT}), ${CLOSE}, ended AS (
      UPDATE escapement_executions AS x SET status = 'succeeded', finished_at = c.now, output = 'null',
        claimed_at = u.claimed_at, started_at = u.started_at, instance = u.instance, fence = u.fence, attempt = u.attempt
      FROM (SELECT ${NOW} AS now) AS c, closed AS u WHERE x.seq = u.seq
      RETURNING x.seq, x.attempt, x.fence, x.claimed_at, x.started_at, x.finished_at)
    INSERT INTO escapement_attempts
      (execution_seq, number, instance, fence, claimed_at, started_at, finished_at, outcome)
    SELECT seq, attempt, '${INSTANCE}', fence, claimed_at, started_at, finished_at, 'succeeded' FROM ended`,
}
const FORGET = {
  name: 'floor_forget',
  text: `WITH counted AS (${COUNT}), ${CLOSE}
    DELETE FROM escapement_executions AS x USING closed AS u WHERE x.seq = u.seq`,
}

/** The floor on PostgreSQL; the tables are there. */
export async function postgresFloor(url: string): Promise<ServerFloor> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('SET enable_seqscan = off; SET jit = off') // as the store has it in its transactions
  let token = 0
  return {
    insert: async (inputs) =>
      void (await client.query({ ...INSERT, values: [inputs.map(() => systemRuntime.id()), inputs] })),
    claim: async (most) => {
      const { rows } = await client.query<Record<'seq' | 'input' | 'fence' | 'attempt' | 'due_at', string>>({
        ...CLAIM,
        values: [++token, most],
      })
      return rows.map(({ seq, input, fence, attempt, due_at: dueAt }) => ({
        seq: Number(seq),
        input,
        fence: Number(fence),
        attempt: Number(attempt),
        dueAt: Number(dueAt),
      }))
    },
    settle: async (rows, history) => {
      const { latenessSumMs, duration, lateness } = histograms(rows)
      const values = [
        rows.length,
        latenessSumMs,
        duration,
        lateness,
        rows.map(({ seq }) => seq),
        rows.map(({ fence }) => fence),
      ]
      await client.query({ ...(history === 'all' ? SETTLE : FORGET), values })
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** The numbers of a batch, as the statistics keep them. */
function histograms(rows: readonly ServerFloorRow[]): { latenessSumMs: number; duration: string; lateness: string } {
  const now = Date.now()
  const lateness: Record<number, number> = {}
  let latenessSumMs = 0
  for (const { dueAt } of rows) {
    const late = Math.max(0, now - dueAt)
    const at = Math.round(Math.log(late + 1) / Math.log(1.1))
    lateness[at] = (lateness[at] ?? 0) + 1
    latenessSumMs += late
  }
  return { latenessSumMs, duration: JSON.stringify({ 0: rows.length }), lateness: JSON.stringify(lateness) }
}
