import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, it } from 'vitest'
import { openServer, statement } from '../../src/index.ts'
import { openerFor } from './sources.ts'

const LOCK = statement('SELECT id FROM idle_rows WHERE id = 1 FOR UPDATE')

// At the same time: the first mostly waits.
describeOnServers(['postgres', 'mariadb'], { concurrent: true }, ({ kind, url }) => {
  const opener = openerFor(kind)
  const limit = statement(
    kind === 'postgres'
      ? `SELECT current_setting('idle_in_transaction_session_timeout') AS value`
      : `SELECT @@session.wait_timeout AS value, @@session.${kind === 'mysql' ? 'transaction' : 'tx'}_isolation AS isolation`,
  )

  it('a transaction of which the server hears nothing more lets go of its locks after 5 s, and fails', async () => {
    const [stopped, other] = await Promise.all([1, 2].map(() => openServer(opener.pool(url())).open()))
    if (stopped === undefined || other === undefined) return
    await other.session(async (session) => {
      await session.exec('CREATE TABLE idle_rows (id INTEGER PRIMARY KEY)')
      await session.exec('INSERT INTO idle_rows VALUES (1)')
    })
    const locked = Promise.withResolvers<void>()
    const continued = Promise.withResolvers<void>()
    const lost = stopped.transaction(async (session) => {
      await session.run(LOCK)
      locked.resolve()
      await continued.promise // what a process does that was stopped, or whose network was cut
      await session.run(LOCK)
    })
    const failure = lost.then(
      () => null,
      (error: unknown) => error,
    )
    await locked.promise
    const startedAt = performance.now()
    await other.transaction((session) => session.run(LOCK))
    const waitedMs = performance.now() - startedAt
    continued.resolve()
    expect(await failure).toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
    expect(waitedMs).toBeGreaterThan(3_000)
    expect(waitedMs).toBeLessThan(10_000)
    expect(await stopped.now()).toBeGreaterThan(0)
  })

  it.each(['pool', 'kysely'] as const)(
    'sessions of a %s have their own limit and isolation again afterwards',
    async (how) => {
      const server = await openServer(opener[how](url())).open()
      const own = (await server.run(limit)).rows
      const within = await server.transaction(async (session) => (await session.run(limit)).rows)
      expect(within).not.toEqual(own)
      await expect(
        server.transaction(async () => {
          throw new Error('rolled back')
        }),
      ).rejects.toThrow('rolled back')
      for (let call = 0; call < 6; call++) expect((await server.run(limit)).rows).toEqual(own)
    },
  )
})
