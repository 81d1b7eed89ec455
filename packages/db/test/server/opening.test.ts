import { describeOnServers } from '@escapement/testkit/vitest'
import { Kysely, SqliteDialect } from 'kysely'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { openServer, type ServerSource, statement } from '../../src/index.ts'
import { checkMysqlSettings, checkMysqlVersion } from '../../src/mysql/mysql-server.ts'
import { openerFor } from './sources.ts'

const SECRET = 's3cret-Pa55'

/** What opening fails with; whatever of it a log could show holds no password. */
async function failureOf(opening: Promise<unknown>): Promise<Error & { code: string; retryable: boolean }> {
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('it did not fail')
  expect(inspect(error, { depth: 10 })).not.toContain(SECRET)
  return error as Error & { code: string; retryable: boolean }
}

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const opener = openerFor(kind)
  const changed = (change: (url: URL) => void): string => {
    const copy = new URL(url())
    change(copy)
    return copy.href
  }
  const account = (): string => `u${new URL(url()).pathname.slice(-12)}`

  /** Runs statements as the owner. */
  const asOwner = async (...texts: string[]): Promise<void> => {
    const owner = await opener.open(url()).open()
    await owner.session(async (session) => {
      for (const text of texts) await session.exec(text)
    })
  }

  it('wrong credentials are an error that names the account, and trying again does not help', async () => {
    const wrong = changed((copy) => {
      copy.username = 'nobody_here'
      copy.password = SECRET
    })
    for (const source of [opener.pool(wrong), opener.kysely(wrong)]) {
      const error = await failureOf(openServer(source).open())
      expect(error).toMatchObject({ code: 'ERR_DATABASE_UNUSABLE', retryable: false })
      expect(error.message).toMatch(/nobody_here.*; correct user and password/)
    }
  })

  it('a database that is missing is named', async () => {
    const error = await failureOf(opener.open(changed((copy) => (copy.pathname = '/not_here'))).open())
    expect(error).toMatchObject({ code: 'ERR_DATABASE_UNUSABLE', retryable: false })
    expect(error.message).toMatch(/database "not_here" on [\d.a-z]+:\d+: .*; create the database/)
  })

  it('a server that cannot be reached is named with its address, and the next call tries again', async () => {
    const away = opener.open(
      changed((copy) => {
        copy.port = '1'
        copy.password = SECRET
      }),
    )
    for (const error of [await failureOf(away.open()), await failureOf(away.open())]) {
      expect(error).toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
      expect(error.message).toMatch(/:1: .*; see that the server runs/)
    }
  })

  it('a right that is missing on a table is named, with the table', async () => {
    const name = account()
    const owner = await opener.open(url()).open()
    await asOwner(
      `CREATE TABLE ${owner.table('guarded')} (n BIGINT PRIMARY KEY)${owner.tableOptions}`,
      kind === 'postgres' ? `CREATE ROLE ${name} LOGIN` : `CREATE USER ${name}`,
      `GRANT SELECT, UPDATE ON ${owner.table('guarded')} TO ${name}`,
    )
    try {
      const guest = await opener.open(changed((copy) => (copy.username = name))).open()
      const checking = guest.family.checkRights(guest, ['guarded'])
      await expect(checking).rejects.toMatchObject({ code: 'ERR_DATABASE_UNUSABLE', retryable: false })
      await expect(checking).rejects.toThrow(/(INSERT|DELETE).*guarded.*GRANT/)
      const inserting = guest.run(statement(`INSERT INTO ${owner.table('guarded')} VALUES (:n)`), { n: 1 })
      await expect(inserting).rejects.toThrow(/guarded.*GRANT the right/)
      await asOwner(`GRANT INSERT, DELETE ON ${owner.table('guarded')} TO ${name}`)
      await guest.family.checkRights(guest, ['guarded'])
    } finally {
      await asOwner(
        `DROP TABLE ${owner.table('guarded')}`,
        kind === 'postgres' ? `DROP ROLE ${name}` : `DROP USER ${name}`,
      )
    }
  })

  it('a server that writes nothing is unavailable, since a failover may be under way', async () => {
    const owner = await opener.open(url()).open()
    const writing = owner.transaction(async (session) => {
      await session.exec(`CREATE TABLE ${owner.table('unwritten')} (n BIGINT)`)
      if (kind === 'postgres') await session.exec('SET TRANSACTION READ ONLY')
      else await session.exec('START TRANSACTION READ ONLY')
      await session.run(statement(`INSERT INTO ${owner.table('unwritten')} VALUES (:n)`), { n: 1 })
    })
    await expect(writing).rejects.toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
    await expect(writing).rejects.toThrow(/read-only/)
  })
})

describeOnServers(['postgres'], ({ kind, url }) => {
  const opener = openerFor(kind)

  it('a session that is read-only is refused at opening', async () => {
    const error = await failureOf(opener.open(`${url()}?options=-c%20default_transaction_read_only%3Don`).open())
    expect(error).toMatchObject({ code: 'ERR_DATABASE_UNAVAILABLE', retryable: true })
    expect(error.message).toMatch(/read-only: connect to the primary/)
  })

  it('tables are in the schema of the opening, whatever the search_path of a session is', async () => {
    const there = await opener.open(url()).open()
    const lost = await opener
      .open(`${url()}?options=-c%20search_path%3Dnowhere`)
      .open()
      .catch((error: unknown) => error)
    expect(there.table('a"b')).toBe('"public"."a""b"')
    expect(String(lost)).toMatch(/no schema of the search_path exists.*pass the option schema/)
    const named = await openServer(opener.pool(url()), { schema: 'It"s' }).open()
    expect(named.table('jobs')).toBe('"It""s"."jobs"')
  })
})

/** A pool whose server answers as it is told. */
function postgresThatSays(number: string): ServerSource {
  const answer = { version: 'x.y', number, database: 'app', schema: 'public', read_only: 'off' }
  const client = { query: () => Promise.resolve({ rows: [answer], rowCount: 1 }), on: () => client, release: () => {} }
  return { totalCount: 0, options: {}, on: () => undefined, connect: () => Promise.resolve(client) } as ServerSource
}

describe('least versions', () => {
  it('rule 8: PostgreSQL before 14 is refused, naming both', async () => {
    await expect(openServer(postgresThatSays('130012')).open()).rejects.toThrow(/PostgreSQL x\.y.*needs 14 or later/)
    expect((await openServer(postgresThatSays('140000')).open()).dialect).toBe('postgres')
  })

  it.each([
    ['10.11.19-MariaDB-0+deb12u1', 'mariadb'],
    ['5.5.5-10.6.0-MariaDB-log', 'mariadb'],
    ['11.4.2-MariaDB', 'mariadb'],
    ['8.0.16', 'mysql'],
    ['8.4.0-commercial', 'mysql'],
    ['9.1.0', 'mysql'],
  ])('rule 8: %s is %s and new enough', (version, dialect) => {
    expect(checkMysqlVersion(version, 'the server')).toBe(dialect)
  })

  it.each([
    ['10.5.26-MariaDB', /MariaDB 10\.5\.26-MariaDB; Escapement needs 10\.6\.0/],
    ['5.5.5-10.5.26-MariaDB', /needs 10\.6\.0/],
    ['8.0.15', /MySQL 8\.0\.15; Escapement needs 8\.0\.16/],
    ['5.7.44', /needs 8\.0\.16/],
    ['what', /needs 8\.0\.16/],
  ])('rule 8: %s is refused, naming both versions', (version, message) => {
    expect(() => checkMysqlVersion(version, 'the server')).toThrow(message)
  })
})

describe('settings of MySQL sessions', () => {
  const good = { mode: 'STRICT_TRANS_TABLES,ANSI_QUOTES', autocommit: 1, charset: 'utf8mb4' }
  const options = { schema: undefined, place: 'the server', isInterpolating: false }

  it('those that change what is stored are refused', () => {
    checkMysqlSettings(good, options)
    expect(() => checkMysqlSettings({ ...good, mode: 'EMPTY_STRING_IS_NULL' }, options)).toThrow(/sql_mode has EMPTY/)
    expect(() => checkMysqlSettings({ ...good, autocommit: 0 }, options)).toThrow(/autocommit is off/)
    expect(() => checkMysqlSettings({ ...good, charset: 'latin1' }, options)).toThrow(/utf8mb4/)
  })

  it('the way that text is escaped matters only where values are written into the text', () => {
    const given = { ...good, mode: 'NO_BACKSLASH_ESCAPES' }
    checkMysqlSettings(given, options)
    expect(() => checkMysqlSettings(given, { ...options, isInterpolating: true })).toThrow(/pass the pool/)
  })
})

describe('what openServer is given', () => {
  const pool = postgresThatSays('150000')
  const sqlite = new Kysely<unknown>({ dialect: new SqliteDialect({ database: {} as never }) })

  it.each([
    ['a URL', 'postgres://app:pw@db/app', undefined, /of type string; pass a pg\.Pool/],
    ['null', null, undefined, /null; pass/],
    ['a Kysely over SQLite', sqlite, undefined, /not over PostgreSQL/],
    ['something else', {}, undefined, /neither a pool nor a Kysely/],
    ['an unknown option', pool, { schemas: 'x' }, /did you mean "schema"/],
    ['an empty schema', pool, { schema: '' }, /schema is ""/],
    ['a schema of the server', pool, { schema: 'pg_catalog' }, /begin with "pg_"/],
    ['a schema that is too long', pool, { schema: 'é'.repeat(32) }, /63 bytes/],
    ['a timeout of nothing', pool, { timeout: 0 }, /timeout/],
    ['a word for yes', pool, { preparedStatements: 'yes' }, /true or false/],
    ['a schema on MySQL', { getConnection: () => undefined }, { schema: 'x' }, /only PostgreSQL has schemas/],
  ])('%s is refused', (_what, source, options, message) => {
    expect(() => openServer(source as ServerSource, options as never)).toThrow(message)
  })

  it('a connection string that is no URL is refused without quoting it', async () => {
    const opener = Promise.reject(
      Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: SECRET }),
    )
    opener.catch(() => undefined)
    const broken = { totalCount: 0, options: {}, on: () => undefined, connect: () => opener } as ServerSource
    expect((await failureOf(openServer(broken).open())).message).toMatch(/is no URL: correct it/)
  })
})
