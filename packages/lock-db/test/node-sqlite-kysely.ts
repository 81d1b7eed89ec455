import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'

/** A host's Kysely on the SQLite inside Node: what a host has who brings no native driver. */
export function nodeSqliteKysely<Tables>(file: string): Kysely<Tables> {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL')
  return new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: {
        close: () => database.close(),
        prepare: (sql) => {
          const statement = database.prepare(sql)
          type Values = Parameters<typeof statement.all>
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...(parameters as Values)),
            run: (parameters) => statement.run(...(parameters as Values)),
            iterate: (parameters) => statement.iterate(...(parameters as Values)),
          }
        },
      },
    }),
  })
}
