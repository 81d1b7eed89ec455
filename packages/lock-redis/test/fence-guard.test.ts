import { redisFenceGuard, redisMutex } from '@escapement/lock-redis'
import { silentLogger } from '@escapement/testkit'
import { describeWithServer } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { LIBRARIES, openClient } from './clients.ts'

describeWithServer('redis', ({ url }) => {
  test.each(Object.entries(LIBRARIES))(
    'rule 16: a guarded script refuses the holder that was overtaken, by %s',
    async (library, open) => {
      await using opened = await open(url)
      const { client, command } = opened
      const place = `{report ${library}}`
      await using mutex = redisMutex(client, { prefix: `guard-${library.replace(' ', '-')}:`, logger: silentLogger })
      const write = redisFenceGuard(client, `redis.call('SET', KEYS[1], ARGV[1])`)
      const writeReport = async (text: string, fence: bigint): Promise<boolean> =>
        (await write({ fence, fenceKey: `${place}:fence`, keys: [place], values: [text] })).isApplied
      // It is stopped, as a process may be, for longer than its lease lives.
      const first = await mutex.acquire('report', { ttl: 200, renew: false })
      const second = await mutex.acquire('report')

      expect(await writeReport('by the first, in time', first.fence)).toBe(true)
      expect(await writeReport('by the second', second.fence)).toBe(true)
      expect(await writeReport('late, by the first', first.fence)).toBe(false)
      expect(await command('GET', place)).toBe('by the second')
      expect(await writeReport('by the second again', second.fence)).toBe(true)
      // Beyond what a number of Lua can tell apart.
      const [before, after] = [9_007_199_254_740_992n, 9_007_199_254_740_993n]
      expect(await writeReport('far ahead', after)).toBe(true)
      expect(await writeReport('one behind', before)).toBe(false)
      expect(await writeReport('far behind', 9n)).toBe(false)
    },
  )

  test('a guarded script answers, and one that fails has been overtaken by nobody else', async () => {
    await using opened = await openClient(url)
    const { client } = opened
    const count = redisFenceGuard(client, `return redis.call('INCRBY', KEYS[1], ARGV[1])`)
    const call = { fence: 5n, fenceKey: '{counter}:fence', keys: ['{counter}'] }
    expect(await count({ ...call, values: ['3'] })).toEqual({ isApplied: true, reply: 3 })
    await expect(count({ ...call, values: ['x'] })).rejects.toThrow(/not an integer/)
    expect(await count({ ...call, values: ['4'] })).toEqual({ isApplied: true, reply: 7 })
    expect(await count({ ...call, fence: 4n, values: ['4'] })).toEqual({ isApplied: false })
    expect(await redisFenceGuard(client, '')({ fence: 6n, fenceKey: '{none}' })).toEqual({
      isApplied: true,
      reply: null,
    })
    await expect(count({ ...call, fence: 5 as unknown as bigint })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
    })
  })
})
