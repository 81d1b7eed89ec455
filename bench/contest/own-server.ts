import {
  type ServerKind,
  type ServerProcess,
  startServer,
  startTcpProxy,
  type TcpProxy,
} from '@escapement/testkit/servers'

/** A server that nobody else uses, and the way to it that can be cut. */
export interface OwnServer extends AsyncDisposable {
  /** Straight to it. */
  readonly url: string
  readonly process: ServerProcess
  readonly proxy: TcpProxy
}

/**
 * @param args - More arguments of its program.
 * @throws Error where it runs in a container.
 */
export async function startOwnServer(kind: ServerKind, args: readonly string[] = []): Promise<OwnServer> {
  const server = await startServer(kind, { isOwn: true, args })
  const { url, process } = server
  if (process === null) {
    await server.stop()
    throw new Error(`the contest stops and restarts ${kind}: install its programs, a server in a container will not do`)
  }
  const proxy = await startTcpProxy(url)
  const end = async (): Promise<void> => {
    await proxy.close()
    await server.stop()
  }
  return { url, process, proxy, [Symbol.asyncDispose]: end }
}
