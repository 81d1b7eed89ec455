import { type MeasuredServer, type MeasuredServers, startMeasuredServers } from '../harness/measured-servers.ts'
import { scratchFile } from '../harness/scratch-file.ts'
import type { LockBackend } from './lock-contender.ts'

/** Room for the locks of all contenders on one backend. */
export interface LockPlace extends AsyncDisposable {
  readonly backend: LockBackend
  /** What a contender is opened with. */
  readonly place: string
}

/** What each backend that is a server runs on. */
const SERVERS: ReadonlyMap<LockBackend, MeasuredServer> = new Map<LockBackend, MeasuredServer>([
  ['PostgreSQL', 'postgres'],
  ['MariaDB', 'mariadb'],
  ['Redis', 'redis, appendfsync everysec'],
  ['etcd', 'etcd'],
])

/** Every backend, in the order of the tables. */
export const LOCK_BACKENDS: readonly LockBackend[] = ['memory', 'SQLite', ...SERVERS.keys()]

/** Starts the servers; `replyDelayMs` is added to each reply. */
export function startLockServers(replyDelayMs = 0): Promise<MeasuredServers> {
  return startMeasuredServers(['postgres', 'mariadb', 'redis', 'etcd'], replyDelayMs)
}

/** Makes room; null where the server could not be had. */
export async function lockPlace(servers: MeasuredServers, backend: LockBackend): Promise<LockPlace | null> {
  const server = SERVERS.get(backend)
  if (server === undefined) {
    const file = scratchFile()
    return { backend, place: file.path, [Symbol.asyncDispose]: async () => file[Symbol.dispose]() }
  }
  if (!servers.has(server)) return null
  const fresh = await servers.fresh(server)
  return { backend, place: fresh.url, [Symbol.asyncDispose]: () => fresh[Symbol.asyncDispose]() }
}
