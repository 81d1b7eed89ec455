import { InvalidOptionError } from '@escapement/base'
import type { MutexManager } from '@escapement/core'
import { notificationChannel, pgNotify } from '@escapement/db'
import { dbLockDriver, type DbMutexOptions, dbMutex } from '@escapement/lock-db'
import { silentLogger } from '@escapement/testkit'
import { endSessions } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Client, Pool } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { serverPool } from '../server-pools.ts'

describeOnServers(['postgres'], ({ url }) => {
  const notify = pgNotify(() => new Client({ connectionString: url() }))

  /** A process of its own, as far as the server can tell. */
  function process(options: DbMutexOptions = { notify }): { mutex: MutexManager; asked: { times: number } } {
    const asked = { times: 0 }
    const pool = new Pool({ connectionString: url(), max: 4 })
    pool.on('error', () => undefined).on('acquire', () => asked.times++)
    const mutex = dbMutex(pool, { logger: silentLogger, ...options })
    onTestFinished(async () => {
      await mutex.close()
      await pool.end()
    })
    return { mutex, asked }
  }

  /** Resolves when somebody waits for a key whose releases are told. */
  async function untilAwaited(key: string): Promise<void> {
    await using straight = serverPool('postgres', url())
    const pool = straight.pool as Pool
    await expect
      .poll(
        async () =>
          (await pool.query('SELECT 1 FROM escapement_locks WHERE name = $1 AND awaited_until > 0', [key])).rowCount,
      )
      .toBe(1)
  }

  test('rule 23: waiters are told of a release in another process, and ask nothing meanwhile', async () => {
    const [holder, waiter] = [process({}), process()]
    const lease = await holder.mutex.acquire('told', { ttl: '60s' })
    const waiting = waiter.mutex.acquire('told', { wait: '30s' })
    await untilAwaited('told')
    const before = waiter.asked.times
    await sleep(1_500)
    expect(waiter.asked.times - before).toBeLessThan(5)
    const releasedAt = performance.now()
    await lease.release()
    ;(await waiting).assertHeld()
    expect(performance.now() - releasedAt).toBeLessThan(1_000)
  })

  test('rule 23: waiters are told of all that a process gives back at its end', async () => {
    const waiter = process()
    const pool = new Pool({ connectionString: url(), max: 1 })
    const ending = dbMutex(pool, { logger: silentLogger })
    const keys = ['first', 'second', 'third']
    for (const key of keys) await ending.acquire(key, { ttl: '60s' })
    const waiting = Promise.all(keys.map((key) => waiter.mutex.acquire(key, { wait: '30s' })))
    for (const key of keys) await untilAwaited(key)
    const endedAt = performance.now()
    await ending.close()
    await pool.end()
    for (const lease of await waiting) lease.assertHeld()
    expect(performance.now() - endedAt).toBeLessThan(1_000)
  })

  test('rule 23: no release is missed by who begins to wait at that moment', async () => {
    const [holder, waiter] = [process(), process()]
    const first = await holder.mutex.acquire('race', { ttl: '60s' })
    const opened = waiter.mutex.acquire('race', { wait: '30s' })
    await untilAwaited('race')
    await first.release()
    await (await opened).release()
    for (let round = 0; round < 60; round++) {
      const key = `race-${round}`
      const lease = await holder.mutex.acquire(key, { ttl: '60s' })
      const waiting = waiter.mutex.acquire(key, { wait: '30s', ttl: '60s' })
      await sleep(Math.floor(round / 10))
      const releasedAt = performance.now()
      await lease.release()
      ;(await waiting).assertHeld()
      expect(performance.now() - releasedAt).toBeLessThan(2_000)
    }
  })

  test('rule 23: where no session listens, and while it is lost, waiters ask by themselves', async () => {
    const deaf = pgNotify(() => new Client({ host: '127.0.0.1', port: 1 }))
    const [holder, waiter, unlistening] = [process(), process(), process({ notify: deaf })]
    const lease = await holder.mutex.acquire('lost', { ttl: '60s' })
    const waiting = Promise.all(
      [waiter, unlistening].map(({ mutex }) => mutex.withLock('lost', async () => undefined, { wait: '30s' })),
    )
    await untilAwaited('lost')
    await endSessions('postgres', url())
    const releasedAt = performance.now()
    await lease.release()
    await waiting
    expect(performance.now() - releasedAt).toBeLessThan(3_000)
  })

  test('a release that nobody waits for notifies nobody, and no session is opened for it', async () => {
    const holder = process()
    const heard: string[] = []
    const listener = new Client({ connectionString: url() })
    await listener.connect()
    onTestFinished(() => listener.end())
    listener.on('notification', ({ payload = '' }) => heard.push(payload))
    await listener.query(`LISTEN "${notificationChannel('escapement_', 'locks', 'public')}"`)
    for (let times = 0; times < 5; times++) await holder.mutex.withLock('alone', async () => undefined)
    await listener.query(`NOTIFY "${notificationChannel('escapement_', 'locks', 'public')}", 'last'`)
    await expect.poll(() => heard).toEqual(['last'])
  })

  test('who does not wait any more opens no session', async () => {
    await using straight = serverPool('postgres', url())
    const opened: Client[] = []
    const counted = pgNotify(() => {
      const client = new Client({ connectionString: url() })
      opened.push(client)
      return client
    })
    const driver = dbLockDriver(straight.pool, { notify: counted })
    onTestFinished(() => driver.close())
    const request = { key: 'given up', owner: 'somebody', ttlMs: 60_000 }
    const waiting = driver.waitForRelease?.(request, { timeoutMs: 5_000, signal: AbortSignal.abort() })
    await driver.close()
    await waiting
    expect(opened).toHaveLength(0)
  })

  test('a closed mutex leaves no session of its own', async () => {
    const name = 'lock_notices'
    const named = pgNotify(() => new Client({ connectionString: url(), application_name: name }))
    const [holder, waiter] = [process(), process({ notify: named })]
    await using straight = serverPool('postgres', url())
    const sessions = async (): Promise<number | null> =>
      (await (straight.pool as Pool).query('SELECT 1 FROM pg_stat_activity WHERE application_name = $1', [name]))
        .rowCount
    await holder.mutex.acquire('closing')
    const waiting = waiter.mutex.acquire('closing', { wait: '30s' }).catch((error: unknown) => error)
    await expect.poll(sessions).toBe(1)
    await waiter.mutex.close()
    expect(await waiting).toBeInstanceOf(Error)
    await expect.poll(sessions).toBe(0)
  })

  test('rule 8: a table that came back from before a migration is migrated again', async () => {
    const { mutex } = process({ prefix: 'restored_' })
    await using straight = serverPool('postgres', url())
    const lease = await mutex.acquire('key', { ttl: '60s' })
    const pool = straight.pool as Pool
    await pool.query('ALTER TABLE restored_locks DROP COLUMN awaited_until')
    await pool.query('UPDATE restored_schema SET version = 1')
    expect(await lease.release()).toBe('released')
  })

  test('refuses what pgNotify has not made', () => {
    expect(() => process({ notify: 'yes' as never })).toThrow(InvalidOptionError)
  })
})

describeOnServers(['mariadb'], ({ url }) => {
  test('refuses notify where there are no notifications', async () => {
    await using opened = serverPool('mariadb', url())
    const notify = pgNotify(() => new Client())
    expect(() => dbMutex(opened.pool, { notify })).toThrow(/notify is for PostgreSQL/)
  })
})
