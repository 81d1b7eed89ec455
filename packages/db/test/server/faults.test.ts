import { describeOnServers } from '@escapement/testkit/vitest'
import type { Pool } from 'pg'
import { describe, expect, it } from 'vitest'
import { integerOf, openServer, type SqlServer, statement } from '../../src/index.ts'
import { openerFor } from './sources.ts'

/** How many statements the one session of a pool has prepared; on PostgreSQL those like `pattern`, elsewhere all. */
async function prepared(server: SqlServer, pattern: string): Promise<number> {
  if (server.dialect !== 'postgres') {
    const { rows } = await server.run<{ Value: unknown }>(statement("SHOW SESSION STATUS LIKE 'Com_stmt_prepare'"))
    return integerOf(rows[0]?.Value)
  }
  const { rows } = await server.run<{ n: unknown }>(
    statement(
      "SELECT count(*) AS n FROM pg_prepared_statements WHERE statement LIKE :pattern AND name LIKE 'escapement_%'",
    ),
    { pattern },
  )
  return integerOf(rows[0]?.n)
}

// At the same time: some wait for limits of time.
describeOnServers(['postgres', 'mariadb'], { concurrent: true }, ({ kind, url }) => {
  const opener = openerFor(kind)
  const sleep = (seconds: string) =>
    statement(kind === 'postgres' ? `SELECT pg_sleep(${seconds})` : `SELECT SLEEP(${seconds})`)
  const own = statement(kind === 'postgres' ? 'SELECT pg_backend_pid() AS id' : 'SELECT CONNECTION_ID() AS id')
  const kill = (id: unknown) =>
    statement(kind === 'postgres' ? `SELECT pg_terminate_backend(${Number(id)})` : `KILL ${Number(id)}`)

  describe.each(['pool', 'kysely'] as const)('through a %s', (how) => {
    it('a session that is ended under a statement is an error, and the next call has another one', async () => {
      const server = await openServer(opener[how](url())).open()
      const lost = server.transaction(async (session) => {
        const { rows } = await session.run<{ id: unknown }>(own)
        const sleeping = session.run(sleep('30'))
        sleeping.catch(() => undefined)
        await server.run(kill(rows[0]?.id))
        await sleeping
      })
      await expect(lost).rejects.toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
      expect(await server.now()).toBeGreaterThan(0)
    })

    it('a session that is ended between two statements neither ends the process nor is given to the next', async () => {
      const server = await openServer(opener[how](url())).open()
      const lost = server.transaction(async (session) => {
        const { rows } = await session.run<{ id: unknown }>(own)
        await server.run(kill(rows[0]?.id))
        await server.run(sleep('0.05')) // until the news have come
        await session.run(own)
      })
      await expect(lost).rejects.toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE' })
      for (let call = 0; call < 6; call++) expect(await server.now()).toBeGreaterThan(0)
    })
  })

  it('a statement that takes too long is given up, and its connection is not used again', async () => {
    const server = await openServer(opener.pool(url(), 1), { timeout: '1500ms' }).open()
    await expect(server.run(sleep('5'))).rejects.toThrow(/did not answer in time, and it is unknown whether/)
    expect(await server.now()).toBeGreaterThan(0)
  })

  it('a pool whose connections are all in use makes calls fail in time, and nothing is done later', async () => {
    const source = opener.pool(url(), 1)
    const host = await openServer(source).open()
    const server = await openServer(source, { timeout: '1500ms' }).open()
    let hasRun = false
    await host.session(async () => {
      const waiting = server.transaction(async () => {
        hasRun = true
      })
      await expect(waiting).rejects.toThrow(/there was no connection in time, and nothing was done/)
    })
    expect(await server.now()).toBeGreaterThan(0)
    expect(hasRun).toBe(false)
  })

  it('a closed pool says so', async () => {
    const source = opener.pool(url())
    const server = await openServer(source).open()
    await opener.close(source)
    await expect(server.now()).rejects.toMatchObject({ code: 'ERR_DATABASE_UNUSABLE', retryable: false })
  })

  it('statements run unprepared where the host says so', async () => {
    const server = await openServer(opener.pool(url(), 1), { preparedStatements: false }).open()
    const { rows } = await server.run<{ word: string }>(
      statement(`SELECT CONCAT('a', ${kind === 'postgres' ? ':w::text' : ':w'}) AS word`),
      { w: `\\'"` },
    )
    expect(rows[0]?.word).toBe(`a\\'"`)
    expect(await prepared(server, '%')).toBe(0)
  })

  it('a statement is planned once a session, however often it runs', async () => {
    const server = await openServer(opener.pool(url(), 1)).open()
    const again = statement('SELECT 40 + 2 AS n')
    for (let run = 0; run < 5; run++) await server.run(again)
    // MySQL and MariaDB count what opening asks, and the question for the count, as well.
    expect(await prepared(server, 'SELECT 40%')).toBe(kind === 'postgres' ? 1 : 3)
  })
})

describeOnServers(['postgres'], ({ kind, url }) => {
  const opener = openerFor(kind)

  it('however many handles are made of a pool, the pool and its clients have the listeners of one', async () => {
    const pool = opener.pool(url(), 1) as Pool
    const client = await pool.connect()
    client.release()
    const counted = async (): Promise<readonly number[]> => {
      await openServer(pool).open()
      return [pool.listenerCount('error'), pool.listenerCount('connect'), client.listenerCount('error')]
    }
    const first = await counted()
    for (let handle = 0; handle < 3; handle++) expect(await counted()).toEqual(first)
  })

  it('a table that is changed under a prepared statement is planned anew', async () => {
    const server = await openServer(opener.pool(url(), 2)).open()
    const table = server.table('replanned')
    await server.session((session) => session.exec(`CREATE TABLE ${table} (n INTEGER)`))
    const all = statement(`SELECT * FROM ${table}`)
    await server.run(all)
    await server.session((session) => session.exec(`ALTER TABLE ${table} ADD COLUMN more INTEGER`))
    expect((await server.run(all)).rows).toEqual([])
  })
})
