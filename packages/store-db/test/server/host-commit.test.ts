import { createScheduler, defineJob, type Scheduler } from '@escapement/core'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { dbStore, pgNotify } from '../../src/index.ts'
import { HOST_LIBRARIES, type HostLibrary } from './host-libraries.ts'
import { sourcesFor } from './server-pools.ts'

/** MySQL and MariaDB are looked at each 250 ms; where PostgreSQL tells nobody, the next look is seconds away. Milliseconds. */
const SOON_MS = 1_500

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const sources = sourcesFor(kind)
  const ran: string[] = []
  const waiting = new Map<string, () => void>()
  let worker: Scheduler
  /** As of another process: what it knows of changes is not what the worker knows. */
  let producer: Scheduler
  let host: HostLibrary
  let close: () => Promise<void>

  beforeEach(async () => {
    const notify = kind === 'postgres' ? { notify: pgNotify(() => new Client({ connectionString: url() })) } : {}
    const stores = [dbStore(sources.pool(url()), notify), dbStore(sources.pool(url()))] as const
    const mail = defineJob({
      name: 'mail',
      overlap: 'allow',
      run: ({ executionId }) => {
        ran.push(executionId)
        waiting.get(executionId)?.()
      },
    })
    worker = createScheduler({ jobs: [mail], store: stores[0] })
    producer = createScheduler({ jobs: [], store: stores[1] })
    host = (HOST_LIBRARIES['the bare driver'] as (typeof HOST_LIBRARIES)[string])(kind, url())
    await worker.start()
    const listens = async (): Promise<void> => {
      const { findings } = await worker.health()
      if (findings.some(({ code }) => code === 'polling')) throw new Error('nobody listens yet')
    }
    await vi.waitFor(listens, { timeout: 10_000 })
    close = async () => {
      await Promise.all([worker.stop(), producer.stop(), host.end()])
      await Promise.all(stores.map((store) => store.close()))
    }
  })

  afterEach(() => close())

  function hasRun(id: string): Promise<void> {
    return new Promise((resolve) => {
      waiting.set(id, resolve)
      if (ran.includes(id)) resolve()
    })
  }

  /** After this, the worker has looked for work, taken all that it can see, and rests. */
  async function runsAnother(): Promise<void> {
    const { id } = await producer.enqueue('mail')
    await hasRun(id)
    await producer.wait(id)
  }

  it('rule 24: another process starts what a host enqueued soon after its commit, and never before', async () => {
    let id = ''
    await host.transact(async ({ transaction }) => {
      ;({ id } = await producer.enqueue('mail', null, { transaction }))
      await runsAnother()
      expect(ran).not.toContain(id)
    })
    const committed = performance.now()
    await hasRun(id)
    expect(performance.now() - committed).toBeLessThan(SOON_MS)
  })

  it('rule 24: nobody starts what a host enqueued and rolled back', async () => {
    let id = ''
    const failed = host.transact(async ({ transaction }) => {
      ;({ id } = await producer.enqueue('mail', null, { transaction }))
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    await runsAnother()
    expect(ran).not.toContain(id)
    expect(await producer.execution(id)).toBeNull()
  })
})
