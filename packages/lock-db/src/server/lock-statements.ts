import { type SqlServer, type Statement, statement } from '@escapement/db'

/** The statements of the lock table. Instants are the server's, read in the statement that uses them. */
export interface LockStatements {
  /** `:name`, `:owner`, `:ttl`: takes the lock if no live lease holds it; answers the new fence as `fence`, or as the insert id. */
  readonly acquire: Statement
  /** `:list`: makes the rows of names that were never locked. */
  readonly seed: Statement
  /** `:name`, `:owner`: `is_mine` (0 or 1), `fence`, `left_ms`. */
  readonly find: Statement
  /** `:list`: renews those that live. */
  readonly renew: Statement
  /** `:list`: `n` of those that live. */
  readonly live: Statement
  /** `:name`, `:owner`, `:fence` or null: ends a live lease; on PostgreSQL tells it on `:channel` where somebody waits. */
  readonly release: Statement
  /** PostgreSQL, `:channel`, `:payload`: tells all who listen. */
  readonly tell: Statement
  /** PostgreSQL, `:name`: `left_ms`, and `awaited_ms` for which somebody may wait still. */
  readonly look: Statement
  /** PostgreSQL, `:name`, `:ttl`: somebody waits for so long; answers as `look`, of the row as it is then. */
  readonly markAwaited: Statement
  /** `:list`: `n` and `register`; the rows stay locked until the transaction ends. */
  readonly registers: Statement
  /** `:list`: sets registers. */
  readonly advance: Statement
}

/** One entry of a `:list`, which is a JSON array; what a statement does not use may be left out. */
export interface ListEntry {
  /** Its place in the list. */
  readonly n: number
  readonly name: string
  readonly owner?: string
  readonly fence?: string
  readonly ttl?: number
  readonly value?: number
}

/** @param prefix - Checked by `tablePrefix`. */
export function lockStatements(server: SqlServer, prefix: string): LockStatements {
  const table = server.table(`${prefix}locks`)
  const { nowMs, nowMicros } = server
  const isPostgres = server.dialect === 'postgres'
  const list = isPostgres ? POSTGRES_LIST : MYSQL_LIST
  const update = (set: string, where: string): string =>
    isPostgres
      ? `UPDATE ${table} AS l SET ${set} FROM ${list} WHERE ${where}`
      : `UPDATE ${table} AS l JOIN ${list} SET ${set} WHERE ${where}`

  // The fence is never less than the clock in µs: it goes on growing when the row itself was lost.
  const newFence = 'greatest(fence + 1, ' + nowMicros + ')'
  const left = `expires_at - ${nowMs} AS left_ms`
  const awaited = `${left}, awaited_until - ${nowMs} AS awaited_ms`
  const held = `l.name = v.name AND l.owner = v.owner AND l.fence = v.fence AND l.expires_at > ${nowMs}`
  const release = `UPDATE ${table} SET owner = NULL, expires_at = 0
     WHERE name = :name AND owner = :owner AND fence = coalesce(:fence, fence) AND expires_at > ${nowMs}`
  return {
    acquire: statement(
      isPostgres
        ? `UPDATE ${table} SET owner = :owner, fence = ${newFence}, expires_at = ${nowMs} + :ttl
           WHERE name = :name AND expires_at <= ${nowMs} RETURNING fence`
        : // How an UPDATE of MySQL answers a value.
          `UPDATE ${table} SET owner = :owner, fence = LAST_INSERT_ID(${newFence}), expires_at = ${nowMs} + :ttl
           WHERE name = :name AND expires_at <= ${nowMs}`,
    ),
    // Never INSERT IGNORE, which makes warnings of errors.
    seed: statement(
      `INSERT INTO ${table} (name) SELECT v.name FROM ${list} ORDER BY v.name
       ${isPostgres ? 'ON CONFLICT (name) DO NOTHING' : `ON DUPLICATE KEY UPDATE name = ${table}.name`}`,
    ),
    find: statement(
      `SELECT CASE WHEN owner = :owner THEN 1 ELSE 0 END AS is_mine, fence, ${left}
       FROM ${table} WHERE name = :name`,
    ),
    // A lease that has ended is never revived: another may have held the key in between.
    renew: statement(update(`expires_at = ${nowMs} + v.ttl`, held)),
    live: statement(`SELECT v.n FROM ${list}, ${table} AS l WHERE ${held}`),
    release: statement(
      isPostgres
        ? // Told with its commit: a process that died or was stopped in between would leave those who wait asleep.
          `WITH released AS (${release} RETURNING name, awaited_until > ${nowMs} AS is_awaited)
           SELECT CASE WHEN is_awaited THEN pg_notify(:channel, name) END FROM released`
        : release,
    ),
    tell: statement('SELECT pg_notify(:channel, :payload)'),
    look: statement(`SELECT ${awaited} FROM ${table} WHERE name = :name`),
    markAwaited: statement(
      `UPDATE ${table} SET awaited_until = greatest(awaited_until, ${nowMs} + :ttl) WHERE name = :name RETURNING ${awaited}`,
    ),
    registers: statement(
      `SELECT v.n, l.register FROM ${list}, ${table} AS l WHERE l.name = v.name ORDER BY l.name FOR UPDATE`,
    ),
    advance: statement(update('register = v.value', 'l.name = v.name')),
  }
}

const POSTGRES_LIST =
  'jsonb_to_recordset(:list::jsonb) AS v(n integer, name text, owner text, fence bigint, ttl bigint, value bigint)'

// Names in the character set of JSON, so that their bytes are compared with those of the table.
const MYSQL_LIST = `JSON_TABLE(:list, '$[*]' COLUMNS (
  n INT PATH '$.n', name VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.name',
  owner VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.owner', fence BIGINT PATH '$.fence', ttl BIGINT PATH '$.ttl',
  value BIGINT PATH '$.value')) AS v`
