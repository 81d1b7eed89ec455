import { ServerUnavailableError } from './server-unavailable-error.ts'
import { startServer } from './start-server.ts'
import type { ServerKind } from './server-kind.ts'
import type { TestServer } from './test-server.ts'

/** A server that could not be had, and why. */
export interface UnavailableServer {
  readonly kind: ServerKind
  readonly reason: string
}

/** Servers for a test run. */
export interface TestServers extends AsyncDisposable {
  readonly servers: Readonly<Partial<Record<ServerKind, TestServer>>>
  /** What could not be had: a test run must list it, never skip it in silence. */
  readonly unavailable: readonly UnavailableServer[]
  /** Ends all of them. Idempotent. */
  stop(): Promise<void>
}

/**
 * Several servers, which start at the same time.
 *
 * @throws {@link ServerUnavailableError} for the first that cannot be had when `CI` is `true`.
 */
export async function startServers(kinds: readonly ServerKind[]): Promise<TestServers> {
  const servers: Partial<Record<ServerKind, TestServer>> = {}
  const unavailable: UnavailableServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
  }
  const outcomes = await Promise.allSettled(kinds.map(async (kind) => (servers[kind] = await startServer(kind))))
  try {
    for (const [index, kind] of kinds.entries()) {
      const outcome = outcomes[index]
      if (outcome?.status !== 'rejected') continue
      const error: unknown = outcome.reason
      if (!(error instanceof ServerUnavailableError) || process.env['CI'] === 'true') throw error
      unavailable.push({ kind, reason: error.message })
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { servers, unavailable, stop, [Symbol.asyncDispose]: stop }
}
