/** Contends for keys of a Redis in quarantine: see `runContest`. */
import { redisFenceGuard, redisMutex } from '@escapement/lock-redis'
import { contend, silentLogger } from '@escapement/testkit/contest'
import { Redis } from 'ioredis'

const [, , url = '', maxTtl = ''] = process.argv
const client = new Redis(url)
client.on('error', () => undefined)
const count = redisFenceGuard(client, `return redis.call('INCR', KEYS[1])`)
await contend({
  mutex: redisMutex(client, { quarantine: true, maxTtl: Number(maxTtl), logger: silentLogger }),
  write: async ({ key, fence }) => {
    const answer = await count({ fence, fenceKey: `{${key}}:fence`, keys: [`{${key}}:writes`] })
    return answer.isApplied ? Number(answer.reply) : null
  },
})
