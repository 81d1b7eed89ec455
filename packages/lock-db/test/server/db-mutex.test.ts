import { execSync } from 'node:child_process'
import { join } from 'node:path'
import { InvalidOptionError, systemRuntime } from '@escapement/base'
import { LockUnavailableError } from '@escapement/core'
import { openServer, SchemaIncompatibleError } from '@escapement/db'
import { dbLockDriver, dbMutex } from '@escapement/lock-db'
import { silentLogger } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Kysely, MysqlDialect, PostgresDialect, sql } from 'kysely'
import type { Pool as MysqlPool } from 'mysql2'
import type { Pool as PostgresPool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { serverPool } from '../server-pools.ts'

const TEN_MINUTES_MS = 600_000

interface Tables {
  [table: `${string}locks`]: { name: string; owner: string | null; fence: string; expires_at: string }
}

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = (): ReturnType<typeof serverPool<Tables>> => {
    const opened = serverPool<Tables>(kind, url())
    onTestFinished(() => opened[Symbol.asyncDispose]())
    return opened
  }

  test('refuses a Kysely transaction, whose rollback would take locks away unseen', async () => {
    const { kysely } = open()
    await kysely.transaction().execute(async (transaction) => {
      expect(() => dbMutex(transaction)).toThrow(InvalidOptionError)
      expect(() => dbMutex(transaction)).toThrow(/transaction/)
    })
  })

  test('rule 8: migrate check refuses to run without the table and names a command that makes it', async () => {
    const { pool } = open()
    const options = { prefix: 'checked_' }
    await using checking = dbMutex(pool, { ...options, migrate: 'check' })
    const refused = await checking.acquire('key', { wait: '10s' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(LockUnavailableError)
    const { cause } = refused as LockUnavailableError
    expect(cause).toBeInstanceOf(SchemaIncompatibleError)
    const [, command] = (cause as SchemaIncompatibleError).message.split('\n')
    expect(command).toMatch(/^node /)
    execSync(command as string, {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, DATABASE_URL: url() },
    })
    expect(await checking.tryAcquire('key')).not.toBeNull()
  }, 30_000)

  test('rule 16: a table that was lost is made anew, leases from before are lost, and fences grow', async () => {
    const { pool, kysely } = open()
    await using mutex = dbMutex(pool, { prefix: 'lost_', logger: silentLogger })
    const before = await mutex.acquire('key')
    await kysely.schema.dropTable('lost_locks').execute()
    await kysely.schema.dropTable('lost_schema').execute()
    await expect(mutex.tryAcquire('key')).rejects.toThrow(LockUnavailableError)
    const after = await mutex.acquire('key')
    expect(after.fence).toBeGreaterThan(before.fence)
    await expect(before.renew()).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await after.renew()
  })

  test('a handle, its pool and a Kysely over it share the locks, and are left open', async () => {
    const { pool, kysely } = open()
    const handle = dbMutex(openServer(pool))
    await using others = dbMutex(kysely)
    const lease = await handle.acquire('shared')
    expect(await others.tryAcquire('shared')).toBeNull()
    expect(await dbMutex(pool).tryAcquire('shared')).toBeNull()
    await handle.close()
    expect((await others.acquire('shared')).fence).toBeGreaterThan(lease.fence)
    const { rows } = await sql`SELECT 1 AS one`.execute(kysely)
    expect(rows).toHaveLength(1)
  })

  test('a free key costs one statement to acquire and one to release, renewals of many leases cost one', async () => {
    const { pool } = open()
    const statements: string[] = []
    const log = ({ query }: { query: { sql: string } }): void => void statements.push(query.sql)
    const kysely = new Kysely<Tables>({
      dialect:
        kind === 'postgres'
          ? new PostgresDialect({ pool: pool as PostgresPool })
          : new MysqlDialect({ pool: pool as MysqlPool }),
      log,
    })
    const driver = dbLockDriver(kysely)
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
    const holds = []
    for (const key of keys) {
      const grant = await driver.tryAcquire({ key, owner: 'owner', ttlMs: 60_000 })
      if (grant.isGranted) holds.push({ key, owner: 'owner', fence: grant.fence, ttlMs: 60_000 })
    }
    statements.length = 0
    expect(await driver.renewMany(holds)).toEqual(keys.map(() => 'renewed'))
    expect(statements).toHaveLength(1)
    for (const hold of holds) expect(await driver.release(hold)).toBe(true)
    statements.length = 0
    await using mutex = dbMutex(kysely)
    await (await mutex.acquire('key 0')).release()
    statements.length = 0
    await (await mutex.acquire('key 0')).release()
    expect(statements).toHaveLength(2)
  })

  test('rule 9: fences, expiry and now() are of the clock of the server, however wrong that of the host is', async () => {
    const { pool, kysely } = open()
    const serverNow = await (await openServer(pool).open()).now()
    for (const offsetMs of [-TEN_MINUTES_MS, TEN_MINUTES_MS]) {
      const runtime = { ...systemRuntime, now: () => systemRuntime.now() + offsetMs }
      const key = `clock ${offsetMs}`
      await using mutex = dbMutex(pool, { runtime })
      const lease = await mutex.acquire(key, { ttl: '30s' })
      expect(Math.abs(Number(lease.fence / 1_000n) - serverNow)).toBeLessThan(60_000)
      const { expires_at } = await kysely
        .selectFrom('escapement_locks')
        .selectAll()
        .where('owner', '=', lease.owner)
        .executeTakeFirstOrThrow()
      expect(Math.abs(Number(expires_at) - 30_000 - serverNow)).toBeLessThan(60_000)
      expect(lease.remainingMs()).toBeLessThanOrEqual(30_000)
      expect(lease.remainingMs()).toBeGreaterThan(20_000)
      const driver = dbLockDriver(pool, { runtime })
      expect(Math.abs(((await driver.now?.()) ?? 0) - serverNow)).toBeLessThan(60_000)
    }
  })

  test('rule 25: many processes advance the same registers, and each step is made by exactly one of them', async () => {
    const pools = [open(), open(), open()]
    const drivers = pools.map(({ pool }) => dbLockDriver(pool))
    const jobs = Array.from({ length: 8 }, (_, index) => `job ${index}`)
    for (let value = 1; value <= 10; value++) {
      const entries = jobs.map((key) => ({ key, value }))
      const answers = await Promise.all(
        // In different orders, which must not make them wait for each other for ever.
        drivers.map(async (driver, index) => driver.advanceMany?.(index === 1 ? entries.toReversed() : entries)),
      )
      const moved = answers.map((answer, index) => (index === 1 ? answer?.toReversed() : answer))
      for (const [job] of jobs.entries()) expect(moved.filter((answer) => answer?.[job] === true)).toHaveLength(1)
    }
  })

  test('32 owners that ask at once for a key that was never locked get one grant', async () => {
    const pools = [open(), open()]
    const drivers = pools.map(({ pool }) => dbLockDriver(pool))
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        Array.from({ length: 32 }, async (_, index) =>
          drivers[index % 2]?.tryAcquire({ key: `new ${round}`, owner: `owner ${index}`, ttlMs: 60_000 }),
        ),
      )
      expect(answers.filter((answer) => answer?.isGranted)).toHaveLength(1)
    }
  })
})

describeOnServers(['postgres'], ({ kind, url }) => {
  test('keeps the table in the schema that it is given, whatever its name, and the command makes it there', async () => {
    await using opened = serverPool<Tables>(kind, url())
    const { pool, kysely } = opened
    const schema = `it's "my" schema; $HOME`
    await using mutex = dbMutex(pool, { schema, migrate: 'check' })
    const refused = (await mutex.tryAcquire('key').catch((error: unknown) => error)) as Error
    const [, command] = (refused.cause as Error).message.split('\n')
    execSync(command as string, {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, DATABASE_URL: url() },
    })
    const lease = await mutex.acquire('key')
    const rows = await kysely.withSchema(schema).selectFrom('escapement_locks').selectAll().execute()
    expect(rows.map(({ owner }) => owner)).toEqual([lease.owner])
    expect(() => dbMutex(openServer(pool), { schema })).toThrow(/give it to openServer/)
  }, 30_000)
})

describeOnServers(['mariadb'], ({ kind, url }) => {
  test('refuses a schema where there is none', async () => {
    await using opened = serverPool(kind, url())
    expect(() => dbMutex(opened.pool, { schema: 'app' })).toThrow(InvalidOptionError)
  })
})
