import { InvalidOptionError } from '@escapement/base'
import { createMutexManager, type LockDriver, type MutexManager } from '@escapement/core'
import type { RedisClient } from '../connection/redis-client.ts'
import { lockDriverOf, type RedisLockOptions, settingsOf } from '../redis-mutex.ts'
import { RedisQuorumDriver } from './quorum-driver.ts'
import { QuorumServer } from './quorum-server.ts'

const LEAST_SERVERS = 3

/**
 * A mutex whose locks a majority of independent Redis servers has granted, so that it goes on while fewer than half of them
 * are away. They must be primaries that know nothing of each other: an odd number, three at least, the same ones in the
 * same order in all processes.
 *
 * A server that comes back without its data is taught by the others, and may then grant again what it had granted; give
 * `quarantine: true` unless each writes what it does to its disk at once. For how long it is kept out is counted by its own wall clock:
 * one that is set forward meanwhile lets it in as much too early.
 *
 * @throws {@link InvalidOptionError} for too few servers, an even number, one that is given twice, or a Cluster.
 * @example
 * ```ts
 * const mutex = redisQuorumMutex([new Redis(urlA), new Redis(urlB), new Redis(urlC)])
 * ```
 */
export function redisQuorumMutex(clients: readonly RedisClient[], options: RedisLockOptions = {}): MutexManager {
  return createMutexManager(redisQuorumLockDriver(clients, options), options)
}

/** The driver of {@link redisQuorumMutex}, for those who put something between it and `createMutexManager`. */
export function redisQuorumLockDriver(clients: readonly RedisClient[], options: RedisLockOptions = {}): LockDriver {
  checkClients(clients)
  const settings = settingsOf(options)
  const servers = clients.map((client, index) => {
    const locks = lockDriverOf(client, { ...options, quarantine: false })
    if (!locks.server.connection.isCluster) return new QuorumServer(index + 1, locks, settings.names)
    throw new InvalidOptionError(
      `redisQuorumMutex was given a client of a Cluster (${index + 1} of ${clients.length}), which is no independent server; give redisMutex the Cluster`,
    )
  })
  return new RedisQuorumDriver(servers, settings)
}

function checkClients(clients: readonly RedisClient[]): void {
  const count = clients.length
  const twice = clients.findIndex((client, index) => clients.indexOf(client) < index)
  const wrong =
    count === 1
      ? 'one is no quorum: use redisMutex, or give three'
      : count < LEAST_SERVERS || count % 2 === 0
        ? 'an even number survives the loss of no more servers than one less; give 3, 5 or 7'
        : twice >= 0
          ? `number ${twice + 1} is number ${clients.indexOf(clients[twice] as RedisClient) + 1} again; give one client for each server`
          : null
  if (wrong !== null) throw new InvalidOptionError(`redisQuorumMutex was given ${count} clients: ${wrong}`)
}
