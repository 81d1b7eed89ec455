import { createScheduler, defineJob, every } from '@escapement/core'
import { openServer } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { expect, test } from 'vitest'
import { dbStore, type StoreDb } from '../../src/index.ts'
import { sourcesFor } from './server-pools.ts'

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  test.each([
    ['a pool', (): StoreDb => sources.pool(url())],
    ['the handle of openServer', (): StoreDb => openServer(sources.pool(url()))],
    ['the Kysely of the host', (): StoreDb => sources.kysely(url())],
  ])('runs jobs on %s', async (_name, open) => {
    const store = dbStore(open())
    const ran: number[] = []
    const job = defineJob({
      name: 'beat',
      trigger: every('1s'),
      run: ({ scheduledFor }) => void ran.push(scheduledFor),
    })
    const asked = defineJob({ name: 'asked', run: ({ input }) => input })
    const scheduler = createScheduler({ jobs: [job, asked], store })
    const ticked = Promise.withResolvers<void>()
    scheduler.on('execution:succeeded', ({ job: name }) => name === 'beat' && ticked.resolve())
    await scheduler.start()
    const { id } = await scheduler.enqueue(asked, { n: 7 })
    expect((await scheduler.wait(id)).output).toBe('{"n":7}')
    await ticked.promise
    const { items } = await scheduler.executions({ jobs: ['beat'], statuses: ['succeeded'] })
    expect(items.map(({ scheduledFor }) => scheduledFor)).toContain(ran[0])
    await scheduler.stop()
    await store.close()
  })
})
