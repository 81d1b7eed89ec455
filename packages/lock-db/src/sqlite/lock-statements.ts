/** The statements of the lock table, each one atomic step. Parameters are positional, in the order of their names. */
export interface LockStatements {
  /** (owner, now in µs, expires at, name, now): takes the lock if no live lease holds it; returns `fence`. */
  readonly acquire: string
  /** (name): makes the row of a name that was never locked; returns nothing. */
  readonly seed: string
  /** (name): `owner`, `fence`, `expires_at`. */
  readonly find: string
  /** (now, renewals as JSON, now): renews those that live; returns `name`, `owner` and `fence` of each. */
  readonly renew: string
  /** (name, owner, fence or null, now): ends a live lease; returns nothing. */
  readonly release: string
  /** (entries as JSON): moves registers forward; returns `name` and `register` of those that moved. */
  readonly advance: string
}

/** @param prefix - Checked by `tablePrefix`. */
export function lockStatements(prefix: string): LockStatements {
  const table = `${prefix}locks`
  return {
    // The fence is never less than the clock in µs: it goes on growing when the row itself was lost.
    acquire: `UPDATE ${table} SET owner = ?, fence = max(fence + 1, ?), expires_at = ?
      WHERE name = ? AND expires_at <= ? RETURNING fence`,
    seed: `INSERT INTO ${table} (name) VALUES (?) ON CONFLICT (name) DO NOTHING`,
    find: `SELECT owner, fence, expires_at FROM ${table} WHERE name = ?`,
    // A lease that has ended is never revived: another may have held the key in between.
    renew: `UPDATE ${table} SET expires_at = ? + renewal.ttl
      FROM (
        SELECT value ->> 'key' AS name, value ->> 'owner' AS owner,
          CAST(value ->> 'fence' AS INTEGER) AS fence, value ->> 'ttlMs' AS ttl
        FROM json_each(?)
      ) AS renewal
      WHERE ${table}.name = renewal.name AND ${table}.owner = renewal.owner AND ${table}.fence = renewal.fence
        AND ${table}.expires_at > ? RETURNING name, owner, fence`,
    release: `UPDATE ${table} SET owner = NULL, expires_at = 0
      WHERE name = ? AND owner = ? AND fence = coalesce(?, fence) AND expires_at > ?`,
    // WHERE true: without it SQLite reads ON as the beginning of a join.
    advance: `INSERT INTO ${table} (name, register)
      SELECT value ->> 'key', value ->> 'value' FROM json_each(?) WHERE true
      ON CONFLICT (name) DO UPDATE SET register = excluded.register
      WHERE register IS NULL OR register < excluded.register RETURNING name, register`,
  }
}
