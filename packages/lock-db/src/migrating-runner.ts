import type { SqliteValue } from '@escapement/db'
import type { StatementRunner } from './statement-runner.ts'

/** A runner that makes or checks the table before its first statement; when that fails the next statement tries again. */
export class MigratingRunner implements StatementRunner {
  readonly #runner: StatementRunner
  readonly #migrate: () => Promise<void>
  #migrating: Promise<void> | undefined
  #isMigrated = false

  constructor(runner: StatementRunner, migrate: () => Promise<void>) {
    this.#runner = runner
    this.#migrate = migrate
  }

  write<Row>(sql: string, parameters: () => readonly SqliteValue[]): Promise<Row[]> {
    if (this.#isMigrated) return this.#runner.write(sql, parameters)
    return this.#migrated().then(() => this.#runner.write(sql, parameters))
  }

  change(sql: string, parameters: () => readonly SqliteValue[]): Promise<number> {
    if (this.#isMigrated) return this.#runner.change(sql, parameters)
    return this.#migrated().then(() => this.#runner.change(sql, parameters))
  }

  read<Row>(sql: string, parameters: () => readonly SqliteValue[]): Promise<Row[]> {
    if (this.#isMigrated) return this.#runner.read(sql, parameters)
    return this.#migrated().then(() => this.#runner.read(sql, parameters))
  }

  #migrated(): Promise<void> {
    this.#migrating ??= this.#migrate().then(
      () => {
        this.#isMigrated = true
      },
      (error: unknown) => {
        this.#migrating = undefined
        throw error
      },
    )
    return this.#migrating
  }
}
