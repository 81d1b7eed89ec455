import { defineJob, every } from '@escapement/core'
import { expect, test } from 'vitest'
import { Cluster, HOUR, MINUTE, SECOND, START } from './cluster.ts'

test("rule 9: after the server's clock has stepped an hour ahead every tick has a verdict and none runs twice", async () => {
  await using cluster = new Cluster()
  const ran: number[] = []
  const job = defineJob({
    name: 'tick',
    trigger: every('1m'),
    run: ({ scheduledFor }) => void ran.push((scheduledFor - START) / MINUTE),
  })
  const { scheduler } = await cluster.start({ jobs: [job] })
  await cluster.reach(10.5 * MINUTE)
  cluster.runtime.stepWallClock(HOUR)
  await cluster.runtime.advance('5m')
  expect(new Set(ran).size).toBe(ran.length)
  expect(ran.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, index) => index + 1))
  expect(ran).toContain(75)
  const ticks = await scheduler.ticks(job, { from: START + MINUTE, to: START + 75 * MINUTE })
  const verdicts = new Set(ticks.map(({ verdict }) => verdict))
  expect(ticks).toHaveLength(75)
  expect(verdicts).toEqual(new Set(['succeeded', 'coalesced']))
})

test('promise 6: a lease is never trusted for longer than either clock says: a step of the wall ends it early', async () => {
  await using cluster = new Cluster()
  const story: string[] = []
  const job = defineJob({
    name: 'long',
    run: async ({ signal, remainingMs, attempt }) => {
      if (attempt === 2) return 'again'
      signal.addEventListener('abort', () => story.push('aborted'))
      await machine.runtime.sleep(5 * SECOND)
      machine.runtime.stepWallClock(HOUR)
      story.push(`remaining ${remainingMs()}`)
      await machine.runtime.sleep(15 * SECOND)
      return 'too late'
    },
  })
  const { scheduler, machine } = await cluster.start({ jobs: [job] })
  const { id } = await cluster.run(scheduler.enqueue(job))
  await cluster.reach(30 * SECOND)
  expect(story[0]).toBe('remaining 0')
  expect(story).toContain('aborted')
  expect((await scheduler.execution(id))?.execution).toMatchObject({
    status: 'succeeded',
    output: '"again"',
    interruptions: 1,
  })
})
