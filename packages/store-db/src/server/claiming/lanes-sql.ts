import { seekUnsettled } from '../seek-unsettled.ts'
import type { ServerContext } from '../server-context.ts'
import { candidateColumns, claimableColumns } from './claimable-row.ts'

/** Lanes (job and concurrency key) that a pass looks at; the next pass goes on behind them. */
export const MOST_LANES = 500

/** Statements that go from lane to lane: one seek each, however many rows wait in it. */
export function lanesSql(context: ServerContext) {
  const { tables: t, sql } = context
  const u = t.unsettled
  const nextKey = (job: string, condition: string): string =>
    `(SELECT x.concurrency_key FROM ${u} AS x WHERE x.namespace = :namespace AND x.waiting_job = ${job}
        AND x.concurrency_key ${condition} ORDER BY x.concurrency_key LIMIT 1)`
  const nextJob = (condition: string): string =>
    `(SELECT x.waiting_job FROM ${u} AS x WHERE x.namespace = :namespace AND x.waiting_job ${condition}
        ORDER BY x.waiting_job LIMIT 1)`
  const isWaiting = (x: string, job: string, key: string, ticks: string): string =>
    `${x}.namespace = :namespace AND ${x}.waiting_job = ${job} AND ${x}.concurrency_key = ${key}
      AND ${x}.due_at <= :now AND ${x}.is_tick <= ${ticks}`
  return {
    /** Jobs of which something waits, behind one. */
    jobs: `WITH RECURSIVE jobs (job, place) AS (
        SELECT ${nextJob('> :after')}, 1
        UNION ALL SELECT ${nextJob('> j.job')}, j.place + 1 FROM jobs AS j
          WHERE j.job IS NOT NULL AND j.place < ${MOST_LANES}
      ) SELECT j.job FROM jobs AS j WHERE j.job IS NOT NULL ORDER BY j.place`,

    /** The first due row of each lane of jobs, so many lanes of each from a key on. */
    heads: `WITH RECURSIVE lanes (job, lane_key, ticks, place) AS (
        SELECT v.job, ${nextKey('v.job', '>= v.first_key')}, v.ticks, 1
        FROM ${sql.rows(':rows', 'v', { job: 'key', first_key: 'key', ticks: 'integer' })}
        UNION ALL SELECT l.job, ${nextKey('l.job', '> l.lane_key')}, l.ticks, l.place + 1 FROM lanes AS l
          WHERE l.lane_key IS NOT NULL AND l.place < :most
      ) SELECT l.job, ${sql.keyText('l.lane_key')} AS lane_key, l.place, (SELECT h.seq FROM ${u} AS h
          WHERE ${isWaiting('h', 'l.job', 'l.lane_key', 'l.ticks')} ORDER BY h.priority DESC, h.due_at LIMIT 1) AS seq
        FROM lanes AS l WHERE l.lane_key IS NOT NULL`,

    candidates: `SELECT ${candidateColumns(sql)}
      FROM ${sql.list(':seqs', 'v', 'integer')} ${seekUnsettled(context, 'x.seq = v.value')}`,

    lockLane: (limit: number): string => `SELECT ${claimableColumns(context)} FROM ${u} AS x
      WHERE ${isWaiting('x', ':job', ':key', ':ticks')} AND x.queue = :queue
      ORDER BY x.priority DESC, x.due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`,
  }
}
