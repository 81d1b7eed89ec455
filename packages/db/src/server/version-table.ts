import type { Migration, RecordedVersion } from '../migration/migration.ts'
import type { ConnectedServer } from './connected-server.ts'
import { integerOf } from './integer-of.ts'
import type { SqlSession } from './sql-server.ts'
import { type Statement, statement } from './statement.ts'

/** The table that records the version of each component. */
export class VersionTable {
  readonly #server: ConnectedServer
  readonly #name: string
  readonly #component: string
  readonly #read: Statement

  constructor(server: ConnectedServer, prefix: string, component: string) {
    this.#server = server
    this.#name = `${prefix}schema`
    this.#component = component
    this.#read = statement(`SELECT version, min_compatible FROM ${this.#table} WHERE component = :component`)
  }

  get #table(): string {
    return this.#server.table(this.#name)
  }

  /** Makes it where it is missing. */
  get definition(): string {
    return `CREATE TABLE IF NOT EXISTS ${this.#table} (
      component VARCHAR(64) NOT NULL PRIMARY KEY, version INTEGER NOT NULL, min_compatible INTEGER NOT NULL
    )${this.#server.tableOptions}`
  }

  /** Null: the component, or the whole table, is missing. */
  async read(session: SqlSession): Promise<RecordedVersion | null> {
    const names = { schema: this.#server.schema, table: this.#name }
    const { rows: tables } = await session.run(this.#server.family.tableExists, names)
    if (tables.length === 0) return null
    const { rows } = await session.run<{ version: unknown; min_compatible: unknown }>(this.#read, {
      component: this.#component,
    })
    const row = rows[0]
    if (row === undefined) return null
    return { version: integerOf(row.version), minCompatible: integerOf(row.min_compatible) }
  }

  /** Records that a migration has been made; for the one session that may. */
  async write(session: SqlSession, { version, minCompatible }: Migration, isFirst: boolean): Promise<void> {
    const text = isFirst
      ? `INSERT INTO ${this.#table} (component, version, min_compatible) VALUES (:component, :version, :minCompatible)`
      : `UPDATE ${this.#table} SET version = :version, min_compatible = :minCompatible WHERE component = :component`
    await session.run(statement(text), { component: this.#component, version, minCompatible })
  }
}
