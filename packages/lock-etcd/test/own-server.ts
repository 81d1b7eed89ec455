import type { ServerProcess, TestServer } from '@escapement/testkit/servers'
import { startServer } from '@escapement/testkit/servers'
import type { TestContext } from 'vitest'

/** An etcd of one test's own, which can be stopped and restarted. */
export interface OwnServer extends TestServer {
  readonly process: ServerProcess
}

/** A test with a server of its own; skipped where servers run in containers. */
export function withOwnServer(body: (server: OwnServer) => Promise<void>): (context: TestContext) => Promise<void> {
  return async ({ skip }) => {
    await using server = await startServer('etcd', { isOwn: true })
    const { process } = server
    if (process === null) return skip('only a server that is started from programs can be stopped and restarted')
    await body({ ...server, process })
  }
}
