import { afterAll, beforeAll, describe } from 'vitest'
import { serverVariable } from './server-recipe.ts'
import { createTestDatabase, type DatabaseKind, type TestDatabase } from './test-database.ts'

/** What tests on a server are given. */
export interface OnServer {
  readonly kind: DatabaseKind
  /** The URL of an empty database of this `describe`; only from within tests and hooks. */
  readonly url: () => string
}

/**
 * Runs tests once on each server, in a database of their own. The run's set-up starts the servers and puts their URLs
 * into `ESCAPEMENT_TEST_POSTGRES_URL` and `…_MARIADB_URL`; tests of a server that could not be had are listed as skipped.
 */
export function describeOnServers(kinds: readonly DatabaseKind[], tests: (server: OnServer) => void): void {
  for (const kind of kinds) {
    const serverUrl = process.env[serverVariable(kind)] ?? ''
    describe.skipIf(serverUrl === '')(`on ${kind}`, () => {
      let database: TestDatabase | undefined
      beforeAll(async () => {
        database = await createTestDatabase(kind, serverUrl)
      })
      afterAll(() => database?.drop())
      const url = (): string => {
        if (database === undefined) throw new Error('the database is made in beforeAll: ask for it within a test')
        return database.url
      }
      tests({ kind, url })
    })
  }
}
