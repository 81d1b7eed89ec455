import type { Migration, SqlServer } from '@escapement/db'
import type { TableNames } from '../../table-names.ts'
import { type ColumnTypes, mysqlTypes, postgresTypes } from './column-types.ts'
import { definitionTables } from './definition-tables.ts'
import { executionTable } from './execution-table.ts'
import { historyTables } from './history-tables.ts'
import type { Index, Table } from './table.ts'
import { unsettledTable } from './unsettled-table.ts'
import { upkeepTables } from './upkeep-tables.ts'

/**
 * The tables of jobs and executions on a server, in migrations that only add (rule 8). Instants are Unix milliseconds;
 * flags are 0 or 1.
 */
export function serverMigrations(server: SqlServer, names: TableNames): readonly Migration[] {
  const isPostgres = server.dialect === 'postgres'
  const tables = tablesOf(isPostgres ? postgresTypes : mysqlTypes)
  const steps = tables.flatMap((table) =>
    isPostgres ? postgresSteps(names, table) : [mysqlStep(names, table, server.tableOptions)],
  )
  return [{ version: 1, minCompatible: 1, steps }]
}

function tablesOf(types: ColumnTypes): readonly Table[] {
  return [
    ...definitionTables(types),
    executionTable(types),
    unsettledTable(types),
    ...historyTables(types),
    ...upkeepTables(types),
  ]
}

function postgresSteps(names: TableNames, { name, columns, indexes, storage = {} }: Table): string[] {
  const settings = Object.entries(storage).map(([setting, value]) => `${setting} = ${value}`)
  const options = settings.length === 0 ? '' : ` WITH (${settings.join(', ')})`
  return [
    `CREATE TABLE IF NOT EXISTS ${names[name]} (\n${columns.join(',\n')}\n)${options}`,
    ...indexes.map((index) => {
      return `CREATE ${kindOf(index)} IF NOT EXISTS ${names.prefix}${name}_${index.name}
        ON ${names[name]} (${index.columns})${whichOf(index)}`
    }),
  ]
}

/** With its indexes, as there is no IF NOT EXISTS for them. */
function mysqlStep(names: TableNames, { name, columns, indexes }: Table, options: string): string {
  const keys = indexes.map((index) => `${kindOf(index)} ${names.prefix}${name}_${index.name} (${index.columns})`)
  return `CREATE TABLE IF NOT EXISTS ${names[name]} (\n${[...columns, ...keys].join(',\n')}\n)${options}`
}

/** Which rows are in it. */
function whichOf({ unlessNull, whileNull }: Index): string {
  if (unlessNull !== undefined) return ` WHERE ${unlessNull} IS NOT NULL`
  return whileNull === undefined ? '' : ` WHERE ${whileNull} IS NULL`
}

function kindOf({ isUnique }: Index): string {
  return isUnique === true ? 'UNIQUE INDEX' : 'INDEX'
}
