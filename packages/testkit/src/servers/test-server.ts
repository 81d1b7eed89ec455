/** The servers that tests can ask for. */
export type ServerKind = 'postgres' | 'mariadb' | 'redis' | 'etcd'

/** A server for tests, reachable over TCP. */
export interface TestServer extends AsyncDisposable {
  readonly kind: ServerKind
  /** Such as `postgres://postgres@127.0.0.1:54321/postgres`; for etcd `http://127.0.0.1:23790`. */
  readonly url: string
  /** Where it comes from: it was there already, or was started for the caller. */
  readonly source: 'environment' | 'container' | 'binary'
  /** The process of one that was started from a binary, another one after each restart; null otherwise. */
  readonly pid: number | null
  /**
   * Ends it and starts it again at the same place with the data that it keeps, and resolves when it is ready. Null where
   * it was not started from a binary.
   *
   * @param how - `orderly` (the default) ends open sessions first, `crash` nothing.
   */
  readonly restart: ((how?: 'orderly' | 'crash') => Promise<void>) | null
  /** Ends what was started and removes its data. Idempotent. */
  stop(): Promise<void>
}

/** Makes a server whose `stop` does its work once, for whoever asks first. One without a process cannot be restarted. */
export function testServer(
  { kind, url, source }: Pick<TestServer, 'kind' | 'url' | 'source'>,
  end: () => Promise<void>,
  process: { readonly pid: () => number | null; readonly restart: TestServer['restart'] } | null = null,
): TestServer {
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= end())
  return {
    kind,
    url,
    source,
    get pid() {
      return process?.pid() ?? null
    },
    restart: process?.restart ?? null,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
