import type { ServerKind } from './server-kind.ts'
import type { ServerProcess } from './server-process.ts'

/** A server for tests, reachable over TCP. */
export interface TestServer extends AsyncDisposable {
  readonly kind: ServerKind
  /** Such as `postgres://postgres@127.0.0.1:54321/postgres`; for etcd `http://127.0.0.1:23790`. */
  readonly url: string
  /** Where it comes from: it was there already, or was started for the caller. */
  readonly source: 'environment' | 'container' | 'binary'
  /** Where it was started from a binary: what can be done to it. Null otherwise. */
  readonly process: ServerProcess | null
  /** Ends what was started and removes its data. Idempotent. */
  stop(): Promise<void>
}

/** Makes a server whose `stop` does its work once, for whoever asks first. */
export function testServer(
  { kind, url, source }: Pick<TestServer, 'kind' | 'url' | 'source'>,
  end: () => Promise<void>,
  process: ServerProcess | null = null,
): TestServer {
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => (stopping ??= end())
  return { kind, url, source, process, stop, [Symbol.asyncDispose]: stop }
}
