import { afterAll, beforeAll, describe } from 'vitest'
import { serverVariable } from './server-recipe.ts'
import { createTestDatabase, type DatabaseKind, type TestDatabase } from './test-database.ts'

/** What tests on a server are given. */
export interface OnServer {
  readonly kind: DatabaseKind
  /** The URL of the server itself, for tests that make databases. */
  readonly serverUrl: string
  /** The URL of an empty database of this `describe`; only from within tests and hooks. */
  readonly url: () => string
}

/** How tests on servers are run. */
export interface OnServersOptions {
  /** Whether all run at the same time, on all servers: for those that mostly wait, and keep to what is theirs. Default false. */
  readonly concurrent?: boolean
}

type OnServerTests = (server: OnServer) => void

/** MySQL itself runs where a container can be had: wherever MariaDB is tested it is too, once its URL is given. */
const MYSQL_VARIABLE = 'ESCAPEMENT_TEST_MYSQL_URL'

/** Conflicts of those who work at once are tried again for up to ten seconds by `@escapement/db`. Milliseconds. */
const TEST_MS = 30_000

/**
 * Runs tests once on each server, in a database of their own; with `mariadb` also on MySQL when
 * `ESCAPEMENT_TEST_MYSQL_URL` is set. The run's set-up starts the servers and puts their URLs into
 * `ESCAPEMENT_TEST_POSTGRES_URL` and `…_MARIADB_URL`; tests of a server that could not be had are listed as skipped.
 */
export function describeOnServers(
  kinds: readonly Exclude<DatabaseKind, 'mysql'>[],
  ...given: readonly [tests: OnServerTests] | readonly [options: OnServersOptions, tests: OnServerTests]
): void {
  const [options, tests] = given.length === 1 ? [{}, given[0]] : given
  for (const kind of kinds) describeOnServer(kind, process.env[serverVariable(kind)] ?? '', options, tests)
  const mysqlUrl = process.env[MYSQL_VARIABLE] ?? ''
  if (kinds.includes('mariadb') && mysqlUrl !== '') describeOnServer('mysql', mysqlUrl, options, tests)
}

function describeOnServer(
  kind: DatabaseKind,
  serverUrl: string,
  { concurrent = false }: OnServersOptions,
  tests: OnServerTests,
): void {
  describe.skipIf(serverUrl === '')(`on ${kind}`, { timeout: TEST_MS, concurrent }, () => {
    let database: TestDatabase | undefined
    beforeAll(async () => {
      database = await createTestDatabase(kind, serverUrl)
    })
    afterAll(() => database?.drop())
    const url = (): string => {
      if (database === undefined) throw new Error('the database is made in beforeAll: ask for it within a test')
      return database.url
    }
    tests({ kind, serverUrl, url })
  })
}
