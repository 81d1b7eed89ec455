import { type ServerKind, type ServerProcess, startServer, type TestServer } from '@escapement/testkit/servers'

/** A server that nobody else uses, and that can be stopped, frozen and restarted. */
export interface OwnServer extends TestServer {
  readonly process: ServerProcess
}

/**
 * @param args - More arguments of its program.
 * @throws Error where it runs in a container.
 */
export async function startOwnServer(kind: ServerKind, args: readonly string[] = []): Promise<OwnServer> {
  const server = await startServer(kind, { isOwn: true, args })
  const { process } = server
  if (process !== null) return { ...server, process }
  await server.stop()
  throw new Error(`${kind} is to be stopped and restarted: install its programs, a server in a container will not do`)
}
