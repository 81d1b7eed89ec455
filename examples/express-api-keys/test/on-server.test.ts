import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Logger, quietLogger } from '@escapement/base'
import { describeOnServers } from '@escapement/testkit/vitest'
import { afterEach, expect, it } from 'vitest'
import { Application } from '../src/application.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { readEnvironment } from '../src/environment/read-environment.ts'
import { databaseProbe } from '../src/health/probes.ts'
import { Child } from './support/child.ts'
import { addressOf } from './support/test-databases.ts'

const ADMIN_TOKEN = 'an-admin-token-of-the-tests'
const SECOND = 1_000
/** A pool of `pg` that has ended still hears of the end of its connections when the database is dropped. */
const logger: Logger = { ...quietLogger, warn: () => undefined }

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })

  function environmentOf(instance: string): Record<string, string> {
    return {
      PORT: '0',
      DATABASE_URL: url(),
      INSTANCE: instance,
      ADMIN_TOKEN,
      CLEANUP_CRON: '* * * * * *',
      HEALTH_CHECK_CRON: '0 0 1 1 *',
    }
  }

  it('three instances that start at once share tables and jobs, and run each tick once', async () => {
    const applications = ['a', 'b', 'c'].map(
      (name) => new Application(readEnvironment(environmentOf(name)), { logger }),
    )
    ends.push(...applications.map((application) => () => application.stop()))
    const ran: number[] = []
    const fiveRan = Promise.withResolvers<void>()
    for (const { scheduler } of applications) {
      scheduler.on('execution:succeeded', ({ job, scheduledFor }) => {
        if (job === 'clean-up' && ran.push(scheduledFor) === 5) fiveRan.resolve()
      })
    }
    await Promise.all(applications.map((application) => application.start()))
    await fiveRan.promise
    const ticks = await applications[0]?.scheduler.ticks('clean-up', { from: Math.min(...ran), to: Math.max(...ran) })
    await Promise.all(applications.map((application) => application.stop()))
    expect(new Set(ran).size).toBe(ran.length)
    // On a busy machine one may still run when the next falls due, which is then left out, and said to be.
    expect(ticks?.map(({ scheduledFor }) => scheduledFor)).toEqual(ticks?.map((_, n) => Math.min(...ran) + n * SECOND))
    expect(ticks?.filter(({ verdict }) => verdict !== 'overlap' && !/running|succeeded/.test(verdict))).toEqual([])
  })

  it('the service serves keys, says in its health that the database is there, and ends at SIGTERM', async () => {
    const service = new Child('../../src/main.ts', [], environmentOf('served'))
    ends.push(() => service.kill())
    const [, address] = await service.says(/"url":"([^"]+)"/)
    const call = async (path: string, token: string, body?: object): Promise<Record<string, unknown>> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const response = await fetch(`${address}${path}`, {
        headers,
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      })
      return (await response.json()) as Record<string, unknown>
    }
    const { token } = await call('/sessions', ADMIN_TOKEN, { user: 'ada' })
    await call('/keys', String(token), { name: 'schlüssel 🔑', expiresAt: '2100-01-01T00:00:00Z' })
    expect(await call('/keys', String(token))).toMatchObject({
      items: [{ name: 'schlüssel 🔑', state: 'active', expiresAt: Date.parse('2100-01-01T00:00:00Z'), requests: 0 }],
    })
    expect(await call('/health', '')).toMatchObject({ state: 'running' })
    await service.says(/"execution:succeeded"/)
    service.process.kill('SIGTERM')
    expect(await service.exited).toEqual({ code: 0, signal: null })
  })

  it('names the database that it cannot reach, and not its password', async () => {
    const nobody = createServer().listen(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port } = nobody.address() as AddressInfo
    nobody.close()
    await once(nobody, 'close')
    const address = addressOf(
      kind,
      `${kind === 'postgres' ? 'postgres' : 'mysql'}://app:hunter2@127.0.0.1:${port}/keys`,
    )
    const database = openDatabase(address, logger)
    ends.push(() => database.close())
    const error = await database.createTables().catch((problem: unknown) => problem)
    expect(String(error)).toMatch(/database \w+:\/\/app@127\.0\.0\.1:\d+\/keys cannot be used: .*ECONNREFUSED/)
    expect(String(error)).not.toContain('hunter2')
  })

  it('the health check notices that the tables are gone', async () => {
    const database = openDatabase(addressOf(kind, url()), logger)
    ends.push(() => database.close())
    await database.createTables()
    const probe = databaseProbe(database.db)
    const { signal } = new AbortController()
    expect(await probe.check(signal)).toBeUndefined()
    await database.db.schema.dropTable('usage_cursor').execute()
    await expect(probe.check(signal)).rejects.toThrow('usage_cursor')
  })
})
