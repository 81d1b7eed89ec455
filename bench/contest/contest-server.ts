import { type ServerKind, type ServerProcess, startTcpProxy, type TcpProxy } from '@escapement/testkit/servers'
import { startOwnServer } from '../harness/own-server.ts'

/** A server that nobody else uses, and the way to it that can be cut. */
export interface ContestServer extends AsyncDisposable {
  /** Straight to it. */
  readonly url: string
  readonly process: ServerProcess
  readonly proxy: TcpProxy
}

/** @param args - More arguments of its program. */
export async function startContestServer(kind: ServerKind, args: readonly string[] = []): Promise<ContestServer> {
  const server = await startOwnServer(kind, args)
  const proxy = await startTcpProxy(server.url)
  const end = async (): Promise<void> => {
    await proxy.close()
    await server.stop()
  }
  return { url: server.url, process: server.process, proxy, [Symbol.asyncDispose]: end }
}
