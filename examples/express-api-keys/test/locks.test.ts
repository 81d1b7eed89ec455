import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryMutex } from '@escapement/core'
import { etcdMutex } from '@escapement/lock-etcd'
import { redisMutex } from '@escapement/lock-redis'
import { silentLogger } from '@escapement/testkit'
import { describeWithServer } from '@escapement/testkit/vitest'
import { Etcd3 } from 'etcd3'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { Application } from '../src/application.ts'
import { readEnvironment } from '../src/environment/read-environment.ts'
import { openLock } from '../src/lock/open-lock.ts'

/** The service on a file of its own, with its locks elsewhere. */
async function runsTicks(environment: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'express-api-keys-locks-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using application = new Application(
    readEnvironment({ PORT: '0', DATABASE_FILE: join(folder, 'keys.db'), CLEANUP_CRON: '* * * * * *', ...environment }),
    { logger: silentLogger },
  )
  const ran = new Promise<string>((resolve) => {
    application.scheduler.on('execution:succeeded', ({ job }) => resolve(job))
  })
  await application.start()
  return [await ran]
}

describeWithServer('redis', ({ url }) => {
  it('runs its jobs with locks on Redis, which exclude those of others there', async () => {
    const redis = new Redis(url)
    const fences = async (): Promise<unknown> => {
      const names = await redis.keys('escapement:*:fence')
      return Promise.all(names.map(async (name) => `${name} ${await redis.get(name)}`))
    }
    const before = await fences()
    expect(await runsTicks({ LOCK: 'redis', REDIS_URL: url })).toEqual(['clean-up'])
    expect(await fences()).not.toEqual(before)
    const others = redisMutex(redis, { logger: silentLogger })
    onTestFinished(() => redis.disconnect())
    const lock = openLock({ kind: 'redis', url }, others, silentLogger)
    const lease = await lock.mutex.acquire('example on redis')
    expect(await others.tryAcquire('example on redis')).toBeNull()
    await lock.close()
    expect(lease.signal.aborted).toBe(true)
    await (await others.acquire('example on redis')).release()
    await others.close()
  })

  it('runs its jobs also while its Redis is away', async () => {
    expect(await runsTicks({ LOCK: 'redis', REDIS_URL: 'redis://127.0.0.1:1' })).toEqual(['clean-up'])
  })
})

describeWithServer('etcd', ({ url }) => {
  it('runs its jobs with locks on etcd, which exclude those of others there', async () => {
    expect(await runsTicks({ LOCK: 'etcd', ETCD_URL: url })).toEqual(['clean-up'])
    const etcd = new Etcd3({ hosts: url })
    const others = etcdMutex(etcd, { logger: silentLogger })
    onTestFinished(() => etcd.close())
    const lock = openLock({ kind: 'etcd', url }, others, silentLogger)
    await lock.mutex.acquire('example on etcd')
    expect(await others.tryAcquire('example on etcd')).toBeNull()
    await lock.close()
    await (await others.acquire('example on etcd')).release()
    await others.close()
  })

  it('sends the credentials that stand in its URL', async () => {
    const withCredentials = url.replace('://', '://somebody:a%20secret@')
    const lock = openLock({ kind: 'etcd', url: withCredentials }, memoryMutex(), silentLogger)
    const refused = await lock.mutex.tryAcquire('example on etcd').catch((error: unknown) => error)
    await lock.close()
    expect(refused).toMatchObject({
      cause: { message: expect.stringMatching(/authentication is not enabled/) as string },
    })
  })
})
