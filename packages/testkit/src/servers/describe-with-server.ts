import { describe } from 'vitest'
import { serverVariable } from './server-recipe.ts'
import type { ServerKind } from './server-kind.ts'

/** What tests with a server are given. It is shared: each test keeps to keys of its own. */
export interface WithServer {
  readonly url: string
}

/** As long as with databases: a server that was restarted elects a leader, or loads its data, before it answers. */
const TEST_MS = 30_000

/**
 * Runs tests with a server of a kind that has no databases to make. The run's set-up starts it and puts its URL into
 * `ESCAPEMENT_TEST_REDIS_URL` or `…_ETCD_URL`; tests of a server that could not be had are listed as skipped.
 */
export function describeWithServer(
  kind: Extract<ServerKind, 'redis' | 'etcd'>,
  tests: (server: WithServer) => void,
): void {
  const url = process.env[serverVariable(kind)] ?? ''
  describe.skipIf(url === '')(`on ${kind}`, { timeout: TEST_MS }, () => {
    tests({ url })
  })
}
