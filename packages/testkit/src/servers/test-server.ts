/** The servers that tests can ask for. */
export type ServerKind = 'postgres' | 'mariadb' | 'redis' | 'etcd'

/** A server for tests, reachable over TCP. */
export interface TestServer extends AsyncDisposable {
  readonly kind: ServerKind
  /** Such as `postgres://postgres@127.0.0.1:54321/postgres`; for etcd `http://127.0.0.1:23790`. */
  readonly url: string
  /** Where it comes from: it was there already, or was started for the caller. */
  readonly source: 'environment' | 'container' | 'binary'
  /** The process of one that was started from a binary; null otherwise. */
  readonly pid: number | null
  /** Ends what was started and removes its data. Idempotent. */
  stop(): Promise<void>
}

/** Makes a server whose `stop` does its work once, for whoever asks first. */
export function testServer(
  server: Omit<TestServer, 'stop' | typeof Symbol.asyncDispose>,
  end: () => Promise<void>,
): TestServer {
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= end())
  return { ...server, stop, [Symbol.asyncDispose]: stop }
}
