import { type ConnectedServer, migrateServer, statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { beforeAll, expect, it } from 'vitest'
import { serverMigrations } from '../../src/server/schema/server-migrations.ts'
import { JOB_TABLES, tableNames } from '../../src/table-names.ts'
import { openerFor } from './server-pools.ts'

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)
  let server: ConnectedServer
  const migrate = (mode: 'auto' | 'check', prefix = 'escapement_'): Promise<void> => {
    const names = tableNames(prefix, (name) => server.table(name))
    const migrations = serverMigrations(server, names)
    return migrateServer(server, { component: 'jobs', migrations, prefix, tables: JOB_TABLES, mode, script: 'x' })
  }
  beforeAll(async () => {
    server = await open(url()).open()
  })

  it('rule 8: check refuses an empty database, and any number of processes make the tables at once', async () => {
    await expect(migrate('check')).rejects.toMatchObject({ code: 'ERR_SCHEMA_INCOMPATIBLE' })
    await Promise.all(Array.from({ length: 3 }, () => migrate('auto')))
    await migrate('check')
  })

  it('rule 8: every step can be made again', async () => {
    const names = tableNames('again_', (name) => server.table(name))
    const steps = serverMigrations(server, names).flatMap((migration) => migration.steps)
    await server.session(async (session) => {
      for (const step of [...steps, ...steps]) await session.exec(step)
    })
    for (const table of JOB_TABLES) {
      expect((await server.run(statement(`SELECT * FROM ${names[table]}`))).rows).toEqual([])
    }
  })

  it('tables with the longest prefix have indexes whose names stay apart', async () => {
    await migrate('auto', 'p'.repeat(32))
    await expect(migrate('check', 'p'.repeat(32))).resolves.toBeUndefined()
  })
})
