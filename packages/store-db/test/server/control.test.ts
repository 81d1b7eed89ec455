import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { createScheduler, defineJob } from '@escapement/core'
import { openServer, type ServerSource, statement } from '@escapement/db'
import { createTestDatabase } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { dbStore, pgNotify } from '../../src/index.ts'
import { register } from '../job-stage.ts'
import { sourcesFor } from './server-pools.ts'

/** Takes every connection of a pool, until the returned function is called. */
async function useUp(pool: ServerSource, size: number): Promise<() => Promise<void>> {
  const server = await openServer(pool).open()
  const ends = Promise.withResolvers<void>()
  const all = Array.from({ length: size }, () => {
    const taken = Promise.withResolvers<void>()
    const held = server.session(async () => {
      taken.resolve()
      await ends.promise
    })
    return { taken: taken.promise, held }
  })
  await Promise.all(all.map(({ taken }) => taken))
  return async () => {
    ends.resolve()
    await Promise.all(all.map(({ held }) => held))
  }
}

// At the same time: they mostly wait for leases.
describeOnServers(['postgres', 'mariadb'], { concurrent: true }, ({ kind, url }) => {
  const sources = sourcesFor(kind)

  it('rule 15: handlers that use up the pool cost no lease and no result where there is a control pool', async () => {
    const pool = sources.pool(url(), 2)
    const store = dbStore(pool, { control: sources.pool(url(), 2) })
    const leaseMs = 5_000
    const hog = defineJob({
      name: 'hog',
      run: async ({ signal }) => {
        const free = await useUp(pool, 2)
        const waiter = Promise.withResolvers<void>()
        const timer = setTimeout(waiter.resolve, leaseMs * 1.5)
        signal.addEventListener('abort', () => waiter.resolve())
        await waiter.promise
        clearTimeout(timer)
        await free()
        return signal.aborted ? 'aborted' : 'whole'
      },
    })
    const scheduler = createScheduler({ jobs: [hog], store, lease: leaseMs })
    const lost: string[] = []
    scheduler.on('instance:lost', ({ instance }) => void lost.push(instance))
    scheduler.on('execution:lost', ({ executionId }) => void lost.push(executionId))
    await scheduler.start()
    expect((await scheduler.health()).findings).not.toContainEqual(expect.objectContaining({ code: 'no-control' }))
    const { id } = await scheduler.enqueue(hog)
    const { status, output } = await scheduler.wait(id)
    expect({ status, output, lost }).toEqual({ status: 'succeeded', output: '"whole"', lost: [] })
    expect((await scheduler.execution(id))?.attempts).toHaveLength(1)
    await scheduler.stop()
    await store.close()
  })

  it('rule 15: without a control pool a heartbeat that gets no connection is given up after a third of its lease, and health says so', async () => {
    const pool = sources.pool(url(), 1)
    await using store = dbStore(pool)
    await store.open()
    expect(store.findings?.()).toContainEqual(expect.objectContaining({ code: 'no-control', severity: 'warning' }))
    await register(store, 'default', 'waiting')
    const free = await useUp(pool, 1)
    const leaseMs = 3_000
    const startedAt = performance.now()
    const beat = store.heartbeat('default', { instance: 'waiting', leaseMs, holding: [], claimedUpTo: 0 })
    await expect(beat).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', retryable: true })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(leaseMs / 3 - 1)
    expect(performance.now() - startedAt).toBeLessThan(leaseMs)
    await free()
  })
})

describeOnServers(['postgres', 'mariadb'], ({ kind, serverUrl, url }) => {
  const sources = sourcesFor(kind)

  it('rule 15: the pool of the application is no control pool, and health says so', async () => {
    const pool = sources.pool(url())
    await using store = dbStore(pool, { control: pool })
    await store.open()
    expect(store.findings?.()).toContainEqual(expect.objectContaining({ code: 'no-control' }))
  })

  it('a control pool for another database is refused before anything is renewed there', async () => {
    const elsewhere = await createTestDatabase(kind, serverUrl)
    const store = dbStore(sources.pool(url()), { control: sources.pool(elsewhere.url) })
    await expect(store.open()).rejects.toThrow(
      /control uses database.*and the store database.*another pool for the same database/,
    )
    await expect(store.open()).rejects.toMatchObject({ code: 'ERR_INVALID_OPTION' })
    await store.close()
  })

  it('a control pool of an account that may not record results is refused when the store opens', async () => {
    const owner = await openServer(sources.pool(url())).open()
    const run = (text: string): Promise<void> => owner.session((session) => session.exec(text))
    await using ready = dbStore(sources.pool(url()))
    await ready.open()
    const reader = `r${new URL(url()).pathname.slice(-12)}`
    const table = owner.table('escapement_instances')
    await run(kind === 'postgres' ? `CREATE ROLE ${reader} LOGIN` : `CREATE USER ${reader}`)
    await run(`GRANT SELECT ON ${table} TO ${reader}`)
    try {
      const as = new URL(url())
      as.username = reader
      const store = dbStore(sources.pool(url()), { control: sources.pool(as.href) })
      await expect(store.open()).rejects.toMatchObject({ code: 'ERR_DATABASE_UNUSABLE', retryable: false })
      await store.close()
    } finally {
      await run(`REVOKE SELECT ON ${table} FROM ${reader}`)
      await run(kind === 'postgres' ? `DROP ROLE ${reader}` : `DROP USER ${reader}`)
    }
  })

  it('a control pool that cannot be reached is an error of opening, which can be tried again', async () => {
    const away = new URL(url())
    away.port = '1'
    const store = dbStore(sources.pool(url()), { control: sources.pool(away.href) })
    await expect(store.open()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', retryable: true })
    await store.close()
  })

  it('options that the database has no use for are refused by name', () => {
    const pool = sources.pool(url())
    expect(() => dbStore(pool, { busyTimeout: '1s' })).toThrow(/busyTimeout is for SQLite/)
    expect(() => dbStore(openServer(pool), { schema: 'jobs' })).toThrow(/schema.*belong to openServer/)
    expect(() => dbStore(pool, { notify: 'yes' as never })).toThrow(/notify is not what pgNotify/)
    expect(() => dbStore(pool, { control: {} as never })).toThrow(/neither a pool nor a Kysely/)
  })
})

describeOnServers(['mariadb'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  it('what only PostgreSQL has is refused', () => {
    const pool = sources.pool(url())
    expect(() => dbStore(pool, { schema: 'jobs' })).toThrow(/only PostgreSQL has schemas/)
    expect(() => dbStore(pool, { notify: pgNotify(() => new Client()) })).toThrow(/notify is for PostgreSQL/)
  })
})

describeOnServers(['postgres'], (ours) => {
  const ourSources = sourcesFor(ours.kind)

  describeOnServers(['mariadb'], (theirs) => {
    const theirSources = sourcesFor(theirs.kind)

    it('a control pool for another kind of server is refused', async () => {
      const control = theirSources.pool(theirs.url())
      const store = dbStore(ourSources.pool(ours.url()), { control })
      await expect(store.open()).rejects.toThrow(/control uses database.*mariadb.*and the store database.*postgres/)
      await store.close()
    })
  })
})

describeOnServers(['postgres'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  it('the command that check prints makes the tables in the schema that was asked for, whatever its name', async () => {
    const options = { schema: `it's $1 \`new\` "schema"`, migrate: 'check' } as const
    const store = dbStore(sources.pool(url()), options)
    const refusal = await store.open().then(
      () => '',
      (error: unknown) => (error as Error).message,
    )
    const command = refusal.split('\n').find((line) => line.includes('node --input-type=module'))
    expect(command).toBeDefined()
    const { status, stderr } = spawnSync('sh', ['-c', command?.slice(command.indexOf('node ')) ?? ''], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: {
        ...process.env,
        DATABASE_URL: url(),
        PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      },
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await expect(store.open()).resolves.toBeUndefined()
    await store.close()
  })

  it('the tables may stand in a schema of their own, in which a control pool finds them', async () => {
    const options = { schema: 'of jobs', prefix: 'j_' }
    const store = dbStore(sources.pool(url()), { ...options, control: sources.pool(url()) })
    await store.open()
    await register(store, 'default', 'there')
    const beat = { instance: 'there', leaseMs: 9_000, holding: [], claimedUpTo: 0 }
    expect(await store.heartbeat('default', beat)).toMatchObject({ isAlive: true })
    const server = await openServer(sources.pool(url())).open()
    const { rows } = await server.run(statement('SELECT 1 AS one FROM "of jobs".j_instances'))
    expect(rows).toHaveLength(1)
    await store.close()
  })
})
