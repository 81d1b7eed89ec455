import type { RedisClient } from '@escapement/lock-redis'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient } from 'redis'
import { createClient as createClient5 } from 'redis5'

/** A client, and how the host closes it. */
export interface OpenClient extends AsyncDisposable {
  readonly client: RedisClient
  /** Sends a command of the test's own. */
  readonly command: (...command: [string, ...string[]]) => Promise<unknown>
  /** Whether it takes itself for connected. */
  readonly isReady: () => boolean
}

/** Every library with which a mutex can be had. */
export const LIBRARIES = {
  'ioredis 6': async (url: string): Promise<OpenClient> => ofIoredis(new Redis(url)),
  'ioredis 5': async (url: string): Promise<OpenClient> => ofIoredis(new Redis5(url)),
  'redis 6': (url: string): Promise<OpenClient> => ofNodeRedis(createClient({ url })),
  'redis 5': (url: string): Promise<OpenClient> => ofNodeRedis(createClient5({ url })),
}

/** The library that tests use when it does not matter. */
export const openClient: (url: string) => Promise<OpenClient> = LIBRARIES['ioredis 6']

function ofIoredis(client: Redis | Redis5): OpenClient {
  client.on('error', () => undefined)
  return {
    client,
    command: async (name, ...values) => client.call(name, ...values),
    isReady: () => client.status === 'ready',
    [Symbol.asyncDispose]: async () => client.disconnect(),
  }
}

async function ofNodeRedis(
  client: ReturnType<typeof createClient> | ReturnType<typeof createClient5>,
): Promise<OpenClient> {
  client.on('error', () => undefined)
  await client.connect()
  return {
    client,
    command: async (...command) => client.sendCommand(command),
    isReady: () => client.isReady,
    [Symbol.asyncDispose]: async () => {
      if (client.isOpen) client.destroy()
    },
  }
}
