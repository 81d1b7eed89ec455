import type { TcpProxy } from '../faults/tcp-proxy/tcp-proxy.ts'
import type { ServerProcess } from '../servers/server-process.ts'
import type { ContestFault } from './contest-fault.ts'

/** All connections end at once, and can be made anew at once. */
export function connectionsCut(proxy: Pick<TcpProxy, 'cut'>): ContestFault {
  return { name: 'connections were cut', happen: async () => proxy.cut() }
}

/** The server is restarted with its data. One that keeps them nowhere loses them: that is {@link serverEmptied}. */
export function serverRestarted(
  server: Pick<ServerProcess, 'restart'>,
  how: 'orderly' | 'crash' = 'orderly',
): ContestFault {
  const name = how === 'crash' ? 'the server crashed' : 'the server was restarted'
  return { name, happen: () => server.restart(how) }
}

/** The server crashes and comes back with nothing of what it kept. */
export function serverEmptied(server: Pick<ServerProcess, 'restartEmpty'>): ContestFault {
  return { name: 'the server lost its data', losesData: true, happen: () => server.restartEmpty() }
}
