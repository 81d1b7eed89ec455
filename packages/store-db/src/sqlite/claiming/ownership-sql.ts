import type { TableNames } from '../../table-names.ts'

/** Statements of an instance about what it holds; each is refused unless the fence is the newest. */
export function ownershipSql(t: TableNames) {
  const e = t.executions
  const held = "status IN ('claimed', 'running')"
  return {
    /** A start is recorded once; a row that runs already stays as it is. */
    start: `UPDATE ${e} SET status = 'running', started_at = CASE status WHEN 'claimed' THEN ? ELSE started_at END
      WHERE namespace = ? AND id = ? AND fence = ? AND ${held}`,

    /** A dead instance never lives again. */
    renew: `UPDATE ${t.instances} SET lease_until = ?, heartbeat_at = ?
      WHERE namespace = ? AND id = ? AND dead_at IS NULL`,

    /** Of [id, fence] pairs as JSON those that still are as named. CROSS JOIN: the pairs first, then a seek for each. */
    held: `SELECT x.id, x.cancel_requested_at, x.cancel_requested_by
      FROM json_each(?) n CROSS JOIN ${e} x
      WHERE x.namespace = ? AND x.id = n.value ->> 0 AND x.fence = n.value ->> 1 AND x.${held}`,
  }
}
