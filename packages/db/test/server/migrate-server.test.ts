import { createTestDatabase } from '@escapement/testkit/servers'
import { describeOnServers } from '@escapement/testkit/vitest'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type ConnectedServer,
  integerOf,
  migrateServer,
  type MigrateServerOptions,
  openServer,
  statement,
} from '../../src/index.ts'
import { manyDefinitions } from './fixtures/many-definitions.ts'
import { openerFor } from './sources.ts'

function start(...args: string[]): ChildProcess {
  return fork(join(import.meta.dirname, 'fixtures/migrating-server.ts'), args)
}

describeOnServers(['postgres', 'mariadb'], ({ kind, serverUrl }) => {
  const opener = openerFor(kind)

  const given = (server: ConnectedServer, more: Partial<MigrateServerOptions> = {}): MigrateServerOptions => ({
    component: 'test',
    migrations: manyDefinitions(server),
    prefix: 'x_',
    tables: ['t1', 't2'],
    mode: 'auto',
    script: 'await migrate(process.env.DATABASE_URL)',
    ...more,
  })

  /** Runs `test` on a database of its own. */
  const onNewDatabase = async (test: (server: ConnectedServer, newUrl: string) => Promise<void>): Promise<void> => {
    await using database = await createTestDatabase(kind, serverUrl)
    const pool = opener.pool(database.url)
    await test(await openServer(pool).open(), database.url)
  }

  const columns = async (server: ConnectedServer): Promise<string[]> => {
    const { rows } = await server.run<{ name: string }>(
      statement(
        `SELECT CONCAT(table_name, '.', column_name) AS name FROM information_schema.columns
         WHERE table_schema = :schema AND table_name <> 'x_schema' ORDER BY 1`,
      ),
      { schema: server.schema },
    )
    return rows.map(({ name }) => name)
  }
  const ALL = ['x_t1.more', 'x_t1.n', 'x_t1.word', 'x_t2.more', 'x_t2.n', 'x_t2.word']

  const recorded = async (server: ConnectedServer): Promise<unknown[]> => {
    const { rows } = await server.run<{ component: string; version: unknown; min_compatible: unknown }>(
      statement(`SELECT component, version, min_compatible FROM ${server.table('x_schema')} ORDER BY component`),
    )
    return rows.map((row) => [row.component, integerOf(row.version), integerOf(row.min_compatible)])
  }

  it('rule 8: migrates once, records version and least library, and changes nothing the second time', () =>
    onNewDatabase(async (server) => {
      await migrateServer(server, given(server))
      expect(await columns(server)).toEqual(ALL)
      expect(await recorded(server)).toEqual([['test', 2, 1]])
      const refusing = given(server).migrations.map((each) => ({ ...each, steps: ['this would fail'] }))
      await migrateServer(server, given(server, { migrations: refusing }))
    }))

  it('rule 8: a step that was made by hand, or half a migration, is gone over', () =>
    onNewDatabase(async (server) => {
      const [first] = given(server).migrations
      await server.session(async (session) => {
        for (const step of first?.steps ?? []) await session.exec(step)
      })
      await migrateServer(server, given(server))
      expect(await columns(server)).toEqual(ALL)
    }))

  it('rule 8: check changes nothing and names the command, whether tables are missing or old', () =>
    onNewDatabase(async (server) => {
      const check = (): Promise<void> => migrateServer(server, given(server, { mode: 'check' }))
      await expect(check()).rejects.toThrow(
        /do not exist.*\nnode --input-type=module -e "await migrate.*\n.*DATABASE_URL set/,
      )
      expect(await columns(server)).toEqual([])
      await migrateServer(server, given(server, { migrations: manyDefinitions(server).slice(0, 1), tables: ['t1'] }))
      await expect(check()).rejects.toMatchObject({ code: 'ERR_SCHEMA_INCOMPATIBLE', retryable: false })
      await migrateServer(server, given(server))
      await check()
    }))

  it('rule 8: a newer schema is used as long as it says that it can be, and refused beyond', () =>
    onNewDatabase(async (server) => {
      await migrateServer(server, given(server))
      await migrateServer(server, given(server, { migrations: manyDefinitions(server).slice(0, 1) }))
      expect(await recorded(server)).toEqual([['test', 2, 1]])
      await server.run(statement(`UPDATE ${server.table('x_schema')} SET version = 9, min_compatible = 3`))
      await expect(migrateServer(server, given(server))).rejects.toThrow(/version 9 and need.*version 3.*upgrade/)
    }))

  it('rule 8: components have versions of their own', () =>
    onNewDatabase(async (server) => {
      await migrateServer(server, given(server))
      const none = [{ version: 1, minCompatible: 1, steps: [] }]
      await migrateServer(server, given(server, { component: 'other', migrations: none, tables: [] }))
      expect(await recorded(server)).toEqual([
        ['other', 1, 1],
        ['test', 2, 1],
      ])
    }))

  it(
    'rule 8: a migration whose process is killed, at six points spread over it, is finished by the next',
    () =>
      onNewDatabase(async (_server, countingUrl) => {
        const whole = start(countingUrl)
        const [steps] = (await once(whole, 'message')) as [number]
        await once(whole, 'exit')
        expect(steps).toBeGreaterThan(20)
        // Six of them, spread over the whole, by turns before and after it was done.
        for (const [index, at] of Array.from(
          { length: 6 },
          (_, part) => 2 + Math.floor((part * (steps - 2)) / 6),
        ).entries()) {
          await onNewDatabase(async (server, newUrl) => {
            const child = start(newUrl, index % 2 === 0 ? 'after' : 'before', String(at))
            await once(child, 'message')
            child.kill('SIGKILL')
            expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
            await migrateServer(server, given(server))
            expect([at, await columns(server), await recorded(server)]).toEqual([at, ALL, [['test', 2, 1]]])
          })
        }
      }),
    120_000,
  )

  it(
    'rule 8: processes that migrate at once all succeed',
    () =>
      onNewDatabase(async (server, newUrl) => {
        const exits = Array.from({ length: 4 }, () => once(start(newUrl), 'exit'))
        expect((await Promise.all(exits)).map(([code]: unknown[]) => code)).toEqual([0, 0, 0, 0])
        expect(await columns(server)).toEqual(ALL)
      }),
    60_000,
  )

  it(
    'rule 8: a definition waits behind a long transaction without holding up those that come after',
    () =>
      onNewDatabase(async (server) => {
        await migrateServer(server, given(server, { migrations: manyDefinitions(server).slice(0, 1), tables: ['t1'] }))
        const more = [
          { version: 1, minCompatible: 1, steps: [] },
          { version: 2, minCompatible: 1, steps: [`ALTER TABLE ${server.table('x_t1')} ADD COLUMN late BIGINT`] },
        ]
        const insert = statement(`INSERT INTO ${server.table('x_t1')} (n) VALUES (:n)`)
        let migrating: Promise<void> | undefined
        await server.transaction(async (session) => {
          await session.run(insert, { n: 1 })
          migrating = migrateServer(server, given(server, { migrations: more, tables: ['t1'] }))
          // Those that come while the definition waits for its lock pass once it has given up.
          for (let n = 2; n < 6; n++) {
            await server.run(statement(kind === 'postgres' ? 'SELECT pg_sleep(0.1)' : 'SELECT SLEEP(0.1)'))
            await server.run(insert, { n })
          }
        })
        await migrating
        expect(await columns(server)).toContain('x_t1.late')
      }),
    60_000,
  )

  it('a right that is missing for a migration is named, with what it is on', () =>
    onNewDatabase(async (server, newUrl) => {
      const name = `m${new URL(newUrl).pathname.slice(-12)}`
      const owner = (text: string): Promise<void> => server.session((session) => session.exec(text))
      await owner(kind === 'postgres' ? `CREATE ROLE ${name} LOGIN` : `CREATE USER ${name}`)
      if (kind === 'postgres') await owner('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
      else await owner(`GRANT SELECT ON ${new URL(newUrl).pathname.slice(1)}.* TO ${name}`)
      try {
        const guestUrl = new URL(newUrl)
        guestUrl.username = name
        const guest = await opener.open(guestUrl.href).open()
        const migrating = migrateServer(guest, given(guest))
        await expect(migrating).rejects.toMatchObject({ code: 'ERR_DATABASE_UNUSABLE', retryable: false })
        await expect(migrating).rejects.toThrow(
          kind === 'postgres' ? /lacks CREATE on schema "public".*GRANT CREATE ON SCHEMA/ : /CREATE.*x_schema/,
        )
      } finally {
        await owner(kind === 'postgres' ? `DROP ROLE ${name}` : `DROP USER ${name}`)
      }
    }))
})

describeOnServers(['postgres'], ({ kind, url }) => {
  const opener = openerFor(kind)

  describe('the schema option', () => {
    it('makes a schema of any name, and keeps everything in it', async () => {
      const schema = 'It"s; mine'
      const server = await openServer(opener.pool(url()), { schema }).open()
      const migrations = manyDefinitions(server)
      const options: MigrateServerOptions = {
        component: 'test',
        migrations,
        prefix: 'x_',
        tables: ['t1'],
        mode: 'auto',
        script: '',
      }
      await migrateServer(server, options)
      await migrateServer(server, { ...options, mode: 'check' })
      const { rows } = await server.run(
        statement('SELECT DISTINCT schemaname AS name FROM pg_tables WHERE tablename LIKE :pattern'),
        { pattern: 'x\\_%' },
      )
      expect(rows).toEqual([{ name: schema }])
    })
  })
})
