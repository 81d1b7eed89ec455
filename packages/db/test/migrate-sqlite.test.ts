import { execSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { expect, it } from 'vitest'
import {
  type Migration,
  migrateSqlite,
  migrationCommand,
  openSqlite,
  type SqliteDatabase,
  tablePrefix,
} from '../src/index.ts'
import { manySteps } from './fixtures/many-steps.ts'
import { temporaryFiles } from './temporary-folder.ts'

const newFile = temporaryFiles()
const given = { component: 'test', migrations: manySteps, prefix: 'x_', mode: 'auto' as const, script: '' }

const tables = (database: SqliteDatabase) =>
  database.read((session) =>
    session
      .all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .map(({ name }) => name),
  )

it('rule 8: migrates once, records version and least library, and changes nothing the second time', async () => {
  const database = openSqlite({ file: newFile() })
  await migrateSqlite(database, given)
  expect((await tables(database)).length).toBe(17)
  const { operations } = database.statistics()
  await migrateSqlite(database, given)
  expect(database.statistics().operations).toBe(operations)
  expect(await database.read((session) => session.all('SELECT * FROM x_schema'))).toMatchObject([
    { component: 'test', version: 2, min_compatible: 1 },
  ])
  await database.close()
})

it('rule 8: check changes nothing and names the command, whether tables are missing or old', async () => {
  const file = newFile()
  const database = openSqlite({ file })
  const script = 'await migrate(process.argv[1])'
  const check = (migrations: readonly Migration[]) =>
    migrateSqlite(database, { ...given, migrations, mode: 'check', script })
  const command = migrationCommand(script, realpathSync(dirname(file)) + sep + basename(file))
  await expect(check(manySteps)).rejects.toThrow(command)
  expect(await tables(database)).toEqual([])
  await migrateSqlite(database, { ...given, migrations: manySteps.slice(0, 1) })
  await expect(check(manySteps)).rejects.toMatchObject({ code: 'ERR_SCHEMA_INCOMPATIBLE', retryable: false })
  await migrateSqlite(database, given)
  await check(manySteps)
  await database.close()
})

it('rule 8: the command that check names hands the file over as it is called', () => {
  const file = "it's 100% `here` & $HOME.db"
  const command = migrationCommand('process.stdout.write(process.argv[1])', file)
  expect(execSync(command, { encoding: 'utf8' })).toBe(file)
}, 30_000)

it('rule 8: a newer schema is used as long as it says that it can be, and refused beyond', async () => {
  const database = openSqlite({ file: newFile() })
  await migrateSqlite(database, given)
  const old = { ...given, migrations: manySteps.slice(0, 1) }
  await migrateSqlite(database, old)
  await database.write((session) => session.run('UPDATE x_schema SET version = 9, min_compatible = 3'))
  await expect(migrateSqlite(database, given)).rejects.toThrow(/version 9 and need a library with version 3.*upgrade/)
  await database.close()
})

it('rule 8: components have versions of their own', async () => {
  const database = openSqlite({ file: newFile() })
  await migrateSqlite(database, given)
  await migrateSqlite(database, {
    ...given,
    component: 'other',
    migrations: [{ version: 1, minCompatible: 1, steps: [] }],
  })
  expect(
    await database.read((session) => session.all('SELECT component, version FROM x_schema ORDER BY component')),
  ).toMatchObject([
    { component: 'other', version: 1 },
    { component: 'test', version: 2 },
  ])
  await database.close()
})

it.each([1, 5, 9, 10, 12, 18])(
  'rule 8: a migration whose process is killed after write %i is finished by the next',
  async (kill) => {
    const file = newFile()
    const child = fork(join(import.meta.dirname, 'fixtures/migrating.ts'), [file, String(kill)])
    await once(child, 'message')
    child.kill('SIGKILL')
    const [, signal] = await once(child, 'exit')
    expect(signal).toBe('SIGKILL')
    const database = openSqlite({ file })
    await migrateSqlite(database, given)
    expect((await tables(database)).length).toBe(17)
    await database.close()
  },
  30_000,
)

it('rule 8: processes that migrate at once all succeed', async () => {
  const file = newFile()
  const exits = Array.from({ length: 4 }, () =>
    once(fork(join(import.meta.dirname, 'fixtures/migrating.ts'), [file]), 'exit'),
  )
  expect((await Promise.all(exits)).map(([code]: unknown[]) => code)).toEqual([0, 0, 0, 0])
  const database = openSqlite({ file })
  expect((await tables(database)).length).toBe(17)
  await database.close()
}, 30_000)

it.each(['x y', 'a;b', '', 'A_', '1a', `a"b`, 'a'.repeat(33)])('refuses %j as a table prefix', (prefix) => {
  expect(() => tablePrefix(prefix)).toThrow(/prefix is/)
})
