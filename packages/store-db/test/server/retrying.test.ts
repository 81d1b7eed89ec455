import type { SqlSession } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, it } from 'vitest'
import { enqueueSql } from '../../src/server/enqueue/enqueue-sql.ts'
import { retryExecution } from '../../src/server/enqueue/retrying.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { statements } from '../../src/server/statements.ts'
import { register, run } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)

  it('a retry of what is purged at that moment ends, and says that it is unknown', async () => {
    const context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    const roles = serverRoles(context)
    const namespace = 'default'
    await register(roles, namespace, 'retrying')
    const asked = run()
    await roles.enqueue(namespace, [asked])
    await roles.cancel(namespace, asked.id, null)
    const sql = statements(enqueueSql(context))
    const result = await context.transaction((session) => {
      const purging: Pick<SqlSession, 'run'> = {
        async run(statement, parameters) {
          if (statement === sql.replace) await roles.purge(namespace, (await context.now()) + 60_000, 10)
          return await session.run(statement, parameters)
        },
      }
      return retryExecution(purging, sql, { namespace, id: asked.id, newId: 'new', by: null })
    })
    expect(result).toEqual({ result: 'unknown' })
  })
})
