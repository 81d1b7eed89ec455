import type { RowValue, ServerSql } from './server-sql.ts'

const TYPES: Readonly<Record<RowValue, string>> = { key: 'text', text: 'text', integer: 'bigint' }

/**
 * A plan is kept until its tables are analysed again. One that was made while they were small finds it cheaper to read them
 * from end to end, or to look for each row of the table in the row set; OFFSET 0 leaves no such choice.
 */
const seek: ServerSql['seek'] = ({ table, alias, on }) =>
  `CROSS JOIN LATERAL (SELECT ${alias}.* FROM ${table} AS ${alias} WHERE ${on} OFFSET 0) AS ${alias}`

/** Where the rows are: there is only one way to a row from its place. */
function places(table: string, on: string): string {
  return `CROSS JOIN LATERAL (SELECT x.ctid AS place FROM ${table} AS x WHERE ${on} OFFSET 0) AS p`
}

function assigned(set: Readonly<Record<string, string>>): string {
  return Object.entries(set)
    .map(([column, expression]) => `${column} = ${expression}`)
    .join(', ')
}

/** The fragments of PostgreSQL. */
export const postgresSql: ServerSql = {
  rows(parameter, alias, columns) {
    const typed = Object.entries(columns).map(([name, value]) => `${name} ${TYPES[value]}`)
    return `json_to_recordset(${parameter}::json) AS ${alias} (${typed.join(', ')})`
  },
  // As a subquery, whose length is not known when a statement is planned: where the planner thinks that it would plan
  // better for a known length, it does so each time, which costs several times what these statements cost themselves.
  list: (parameter, alias, value) => `unnest((SELECT ${parameter}::${TYPES[value]}[])) AS ${alias} (value)`,
  join: 'JOIN',
  ignoreExisting: () => 'ON CONFLICT DO NOTHING',
  updateExisting: (key, assignments) => `ON CONFLICT (${key}) DO UPDATE SET ${assignments.join(', ')}`,
  returningInserted: (column) => `RETURNING ${column}`,
  given: (column) => `excluded.${column}`,
  seeksRanges: true,
  compiles: true,
  passesOn: true,
  seek,
  update: ({ table, from, on, set }) => `UPDATE ${table} AS x SET ${assigned(set)} FROM ${from} WHERE ${on}`,
  updateLocked: ({ table, from, on, set }) =>
    `UPDATE ${table} AS x SET ${assigned(set)} FROM ${from} ${places(table, on)} WHERE x.ctid = p.place`,
  remove: ({ table, from, on }) =>
    `DELETE FROM ${table} AS x USING ${from} ${places(table, on)} WHERE x.ctid = p.place`,
  forShare: 'FOR SHARE',
  forUpdateOfX: 'FOR UPDATE OF x',
  readBack: '',
  keyText: (column) => column,
  // JSON may say U+0000 and half a surrogate pair, which text cannot hold.
  jsonText: (column, path) =>
    `REGEXP_REPLACE(${column}, '\\\\u(0000|d[89a-f]..)', '\\\\ufffd', 'gi')::json #>> '{${path.join(',')}}'`,
  hasElement: (json, element) => `${json}::jsonb @> to_jsonb(${element})`,
  among: (column, parameter) => `${column} = ANY(${parameter}::text[])`,
  contains: (text, parameter) => `POSITION(LOWER(${parameter} COLLATE "C") IN LOWER((${text}) COLLATE "C")) > 0`,
  through: () => '',
  distinct(table, column, alias) {
    const next = (condition: string): string =>
      `SELECT (SELECT MIN(x.${column}) FROM ${table} AS x WHERE x.namespace = :namespace AND x.${column} ${condition})`
    return `(WITH RECURSIVE found (value) AS (
        ${next('IS NOT NULL')} UNION ALL ${next('> found.value')} FROM found WHERE found.value IS NOT NULL
      ) SELECT found.value FROM found WHERE found.value IS NOT NULL) AS ${alias}`
  },
  integer: (expression) => `CAST(${expression} AS bigint)`,
}
