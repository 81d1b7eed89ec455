import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createScheduler, defineJob } from '@escapement/core'
import { describeOnServers } from '@escapement/testkit/vitest'
import { describe, expect, test } from 'vitest'
import { openStore, type StorePlace } from './fixtures/open-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()

function testWedges(place: () => StorePlace): void {
  test('wedges 1 and 2: rows of a killed process that fill a limit, and upkeep that died with it, go on within its lease and 5 s', async () => {
    const { kind, url } = place()
    const dead = fork(new URL('./fixtures/hogging-process.ts', import.meta.url), [kind, url])
    expect(await once(dead, 'message')).toEqual(['held', undefined])
    dead.kill('SIGKILL')
    await once(dead, 'exit')
    const killedAt = performance.now()

    const ran: unknown[] = []
    const hog = defineJob({ name: 'hog', queue: 'narrow', overlap: 'allow', run: ({ input }) => void ran.push(input) })
    await using opened = openStore({ kind, url })
    await using scheduler = createScheduler({
      jobs: [hog],
      store: opened.store,
      lease: '5s',
      queues: { narrow: { concurrency: 3, limit: 3 } },
    })
    const upkept = Promise.withResolvers<number>()
    scheduler.on('execution:succeeded', ({ job, attempt }) => {
      if (job === 'escapement.retention') upkept.resolve(attempt)
    })
    await scheduler.start()
    const { items } = await scheduler.executions({ jobs: ['hog'] })
    expect(items).toHaveLength(5)
    const settled = await Promise.all(items.map(({ id }) => scheduler.wait(id, { timeout: '20s' })))
    expect(await upkept.promise).toBe(2) // the first attempt died
    expect(performance.now() - killedAt).toBeLessThan(10_000)
    expect(ran.toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4, 5])
    expect(settled.map(({ status }) => status)).toEqual(Array(5).fill('succeeded'))
    expect(settled.filter(({ interruptions }) => interruptions === 1)).toHaveLength(3)
  }, 40_000)
}

// At the same time: they mostly wait for leases to end.
describe('on sqlite', { concurrent: true }, () => {
  testWedges(() => ({ kind: 'sqlite', url: join(folder(), 'wedged.db') }))
})
describeOnServers(['postgres', 'mariadb'], { concurrent: true }, ({ kind, url }) => {
  testWedges(() => ({ kind, url: url() }))
})
