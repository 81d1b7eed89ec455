import type { RowValue, ServerSql } from './server-sql.ts'

/** Of utf8mb4, as all columns and sessions are: in another character set a comparison could use no index. */
const TYPES: Readonly<Record<RowValue, string>> = {
  key: 'VARCHAR(512) CHARACTER SET utf8mb4',
  text: 'LONGTEXT CHARACTER SET utf8mb4',
  integer: 'BIGINT',
}

/**
 * Through an index that is named: a small table would be scanned, and a row that somebody else has locked, in an open
 * transaction of a host, say, would be waited for although it is not meant.
 */
const update: ServerSql['update'] = ({ table, from, on, set, through = 'PRIMARY' }) => {
  const assignments = Object.entries(set).map(([column, expression]) => `x.${column} = ${expression}`)
  return `UPDATE ${from} STRAIGHT_JOIN ${table} AS x FORCE INDEX (${through}) ON ${on} SET ${assignments.join(', ')}`
}

/** The fragments of MySQL and MariaDB: only what both know, so MariaDB's RETURNING and MySQL's FOR SHARE are not used. */
export const mysqlSql: ServerSql = {
  rows(parameter, alias, columns) {
    const typed = Object.entries(columns).map(([name, value]) => `${name} ${TYPES[value]} PATH '$.${name}'`)
    return `JSON_TABLE(${parameter}, '$[*]' COLUMNS (${typed.join(', ')})) AS ${alias}`
  },
  list: (parameter, alias, value) =>
    `JSON_TABLE(${parameter}, '$[*]' COLUMNS (value ${TYPES[value]} PATH '$')) AS ${alias}`,
  // In this order: else a small table is scanned, and all of its rows are locked.
  join: 'STRAIGHT_JOIN',
  seek: ({ table, alias, on, through }) =>
    `STRAIGHT_JOIN ${table} AS ${alias} ${through === undefined ? '' : `FORCE INDEX (${through})`} ON ${on}`,
  ignoreExisting: (table, column) => `ON DUPLICATE KEY UPDATE ${column} = ${table}.${column}`,
  updateExisting: (_key, assignments) => `ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`,
  returningInserted: () => '',
  given: (column) => `VALUES(${column})`, // MariaDB knows no other name for it
  seeksRanges: false,
  compiles: false,
  passesOn: false,
  update,
  updateLocked: update,
  remove: ({ table, from, on, through = 'PRIMARY' }) =>
    `DELETE x FROM ${from} STRAIGHT_JOIN ${table} AS x FORCE INDEX (${through}) ON ${on}`,
  forShare: 'LOCK IN SHARE MODE',
  forUpdateOfX: 'FOR UPDATE', // MariaDB knows no OF
  readBack: 'LOCK IN SHARE MODE',
  keyText: (column) => `CONVERT(${column} USING utf8mb4)`,
  // Half a surrogate pair is valid to JavaScript and MariaDB only.
  jsonText: (column, path) =>
    `CASE WHEN JSON_VALID(${column}) THEN JSON_UNQUOTE(JSON_EXTRACT(${column}, '$.${path.join('.')}')) END`,
  hasElement: (json, element) => `JSON_CONTAINS(${json}, JSON_QUOTE(${element}))`,
  among: (column, parameter) => `JSON_CONTAINS(${parameter}, JSON_QUOTE(${column}))`,
  contains: (text, parameter) => `POSITION(LOWER(${parameter}) IN LOWER(${text})) > 0`,
  through: (index) => `FORCE INDEX (${index})`,
  distinct: (table, column, alias) => `(SELECT x.${column} AS value FROM ${table} AS x
    WHERE x.namespace = :namespace AND x.${column} IS NOT NULL GROUP BY x.namespace, x.${column}) AS ${alias}`,
  integer: (expression) => `CAST(${expression} AS SIGNED)`,
}
