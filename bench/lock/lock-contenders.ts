import type { LockBackend, LockContender } from './lock-contender.ts'

/** Loaded when it is their turn: most processes need the clients of one backend only. */
const CONTENDERS: Readonly<Record<LockBackend, () => Promise<readonly LockContender[]>>> = {
  memory: async () => (await import('./contender/memory-locks.ts')).MEMORY_LOCKS,
  SQLite: async () => (await import('./contender/sqlite-locks.ts')).SQLITE_LOCKS,
  PostgreSQL: async () => (await import('./contender/postgres-locks.ts')).POSTGRES_LOCKS,
  MariaDB: async () => (await import('./contender/mariadb-locks.ts')).MARIADB_LOCKS,
  Redis: async () => (await import('./contender/redis-locks.ts')).REDIS_LOCKS,
  etcd: async () => (await import('./contender/etcd-locks.ts')).ETCD_LOCKS,
}

/** All that can lock on one backend, in the order in which they stand in the tables. */
export function lockContenders(backend: LockBackend): Promise<readonly LockContender[]> {
  return CONTENDERS[backend]()
}

/** The one of that name: processes are told of it by name. */
export async function lockContender(backend: LockBackend, name: string): Promise<LockContender> {
  const found = (await lockContenders(backend)).find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`no contender for locks on ${backend} is called ${name}`)
  return found
}
