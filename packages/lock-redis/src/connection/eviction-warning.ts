import type { Logger } from '@escapement/base'
import type { RedisConnection } from './redis-connection.ts'

/** Warns when the server may throw away locks, fences and registers to make room: leases would end unseen. */
export async function warnOfEviction(connection: RedisConnection, logger: Logger): Promise<void> {
  try {
    const memory = String(await connection.send(null, ['info', 'memory']))
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction'
    const isLimited = (/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? '0') !== '0'
    if (!isLimited || policy === 'noeviction') return
    logger.warn(
      `Locks: Redis may evict them when its memory is full (maxmemory-policy ${policy}); keep them on a server with noeviction`,
    )
  } catch (error) {
    logger.debug('Locks: Redis does not tell whether it may evict them', { error })
  }
}
