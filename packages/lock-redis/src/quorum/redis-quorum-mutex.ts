import { InvalidOptionError } from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager } from '@escapement/core'
import type { RedisClient } from '../connection/redis-client.ts'
import { lockDriverOf, type RedisLockOptions, settingsOf } from '../redis-mutex.ts'
import { RedisQuorumDriver } from './quorum-driver.ts'

const LEAST_SERVERS = 3

/**
 * A mutex whose locks a majority of independent Redis servers has granted, so that it goes on while fewer than half of them
 * are away. They must be primaries that know nothing of each other: an odd number, three at least.
 *
 * A server that comes back without its data can grant again what it had granted; give `quarantine: true` unless each writes
 * what it does to its disk at once. Has no registers: the scheduler's lock-only mode needs another mutex.
 *
 * @throws {@link InvalidOptionError} for too few servers, an even number, one that is given twice, or a Cluster.
 */
export function redisQuorumMutex(clients: readonly RedisClient[], options: RedisLockOptions = {}): MutexManager {
  return createMutexManager(redisQuorumLockDriver(clients, options), options)
}

/** The driver of {@link redisQuorumMutex}, for those who put something between it and `createMutexManager`. */
export function redisQuorumLockDriver(clients: readonly RedisClient[], options: RedisLockOptions = {}): LockDriver {
  const count = new Set(clients).size
  if (count !== clients.length || count < LEAST_SERVERS || count % 2 === 0) {
    throw new InvalidOptionError(
      `redisQuorumMutex was given ${clients.length} clients, ${count} of them different; give an odd number, ${LEAST_SERVERS} or more`,
    )
  }
  const nodes = clients.map((client) => lockDriverOf(client, options))
  if (nodes.some(({ server }) => server.connection.isCluster)) {
    throw new InvalidOptionError('redisQuorumMutex was given a client of a Cluster, which is no independent server')
  }
  return new RedisQuorumDriver(nodes, settingsOf(options))
}
