import { LIMIT } from './bound-limit.ts'
import type { TableNames } from '../table-names.ts'

/** Statements of upkeep; each is bounded by its limit. */
export function upkeepSql(t: TableNames) {
  const e = t.executions
  return {
    /** Whose lease has ended is dead for good. */
    declareDead: `UPDATE ${t.instances} INDEXED BY ${t.instances}_live SET dead_at = ? WHERE namespace = ? AND dead_at IS NULL AND lease_until <= ?`,
    remove: `UPDATE ${t.instances} SET dead_at = ? WHERE namespace = ? AND id = ? AND dead_at IS NULL`,

    /** Whether there is anything to recover: a lease that has ended, or a dead instance that has left something. */
    isAnyToRecover: `SELECT 1 FROM ${t.instances} INDEXED BY ${t.instances}_live
        WHERE namespace = ? AND dead_at IS NULL AND lease_until <= ?
      UNION ALL SELECT 1 FROM ${t.instances} INDEXED BY ${t.instances}_going
        WHERE namespace = ? AND dead_at IS NOT NULL AND is_gone = 0 LIMIT 1`,

    /** Dead instances that have left something: executions, or what they said about handlers. */
    going: `SELECT id FROM ${t.instances} INDEXED BY ${t.instances}_going
      WHERE namespace = ? AND dead_at IS NOT NULL AND is_gone = 0`,

    forgetHandlers: `DELETE FROM ${t.handlers} WHERE (namespace, job, instance) IN (
      SELECT namespace, job, instance FROM ${t.handlers} INDEXED BY ${t.handlers}_instance
      WHERE namespace = ? AND instance = ? ${LIMIT})`,

    /** Nothing but the id is left. */
    bury: `UPDATE ${t.instances} SET is_gone = 1 WHERE namespace = ? AND id = ? AND dead_at IS NOT NULL`,

    purgeExecutions: `DELETE FROM ${e} WHERE seq IN (SELECT seq FROM ${e} INDEXED BY ${e}_finished
      WHERE namespace = ? AND finished_at IS NOT NULL AND finished_at < ? ORDER BY finished_at ${LIMIT})`,

    purgeSpans: `DELETE FROM ${t.spans} WHERE (namespace, job, from_at, reason) IN (
      SELECT namespace, job, from_at, reason FROM ${t.spans} INDEXED BY ${t.spans}_end
      WHERE namespace = ? AND to_at < ? ORDER BY to_at ${LIMIT})`,

    /** A dead id is remembered as long as executions are: it is not used again. */
    purgeInstances: `DELETE FROM ${t.instances} WHERE namespace = ? AND is_gone = 1 AND lease_until < ?`,

    /** Counters that the time has passed by a day: a new one is greater all the same (rule 16). */
    purgeFences: `DELETE FROM ${t.fences} WHERE (namespace, key) IN (
      SELECT namespace, key FROM ${t.fences} WHERE namespace = ? AND fence < ? ${LIMIT})`,

    // Statistics.

    ofTheDead: `SELECT s.* FROM ${t.stats} s INDEXED BY ${t.stats}_instance
      WHERE s.namespace = ? AND s.instance <> '' AND s.instance NOT IN (
        SELECT id FROM ${t.instances} INDEXED BY ${t.instances}_live WHERE namespace = ? AND dead_at IS NULL) ${LIMIT}`,
    aged: `SELECT * FROM ${t.stats} INDEXED BY ${t.stats}_bucket
      WHERE namespace = ? AND width = ? AND bucket <= ? ORDER BY bucket ${LIMIT}`,
    removeStats: `DELETE FROM ${t.stats} WHERE namespace = ? AND job = ? AND bucket = ? AND width = ? AND instance = ?`,

    absent: `SELECT name FROM ${t.jobs} WHERE namespace = ? AND absent_since < ? AND retired_at IS NULL ORDER BY name`,

    setting: `SELECT value FROM ${t.settings} WHERE namespace = ? AND key = ?`,
    saveSetting: `INSERT INTO ${t.settings} (namespace, key, value) VALUES (?, ?, ?)
      ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value`,

    createBulk: `INSERT INTO ${t.bulk_actions}
        (namespace, id, kind, filter, status, total, done, failed, cursor, created_by, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, id) DO NOTHING`,
    bulk: `SELECT *, cursor AS place FROM ${t.bulk_actions} WHERE namespace = ? AND id = ?`,
    openBulks: `SELECT *, cursor AS place FROM ${t.bulk_actions} WHERE namespace = ? AND status = 'running' ORDER BY created_at, id`,

    /** Compare and set on the place and the status. */
    saveBulk: `UPDATE ${t.bulk_actions} SET status = ?, total = ?, done = ?, failed = ?, cursor = ?, updated_at = ?
      WHERE namespace = ? AND id = ? AND cursor IS ? AND status = ?`,
  }
}
