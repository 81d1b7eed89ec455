import { InvalidOptionError } from '@escapement/base'
import { IoredisConnection } from './ioredis-connection.ts'
import { NodeRedisConnection } from './node-redis-connection.ts'
import type { RedisClient } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'

/**
 * The library of a client is told by its shape, so that no copy of any has to be here.
 *
 * @throws {@link InvalidOptionError} for something that is no client.
 */
export function connectionOf(client: RedisClient): RedisConnection {
  if (typeof client === 'object' && client !== null && 'duplicate' in client) {
    if ('call' in client && 'status' in client) return new IoredisConnection(client)
    if ('sendCommand' in client && 'isOpen' in client) return new NodeRedisConnection(client)
  }
  throw new InvalidOptionError(
    'redisMutex needs a client of ioredis 5 or 6, or of redis 5 or 6, and was given something else',
  )
}
