import { createScheduler, cron, defineJob, every, fixed, type Scheduler } from '@escapement/core'
import { afterEach, describe, expect, it } from 'vitest'
import { testing, type VirtualRuntime, virtualRuntime } from '../../src/index.ts'

const started: { scheduler: Scheduler; runtime: VirtualRuntime }[] = []

function schedulerOf(...jobs: Parameters<typeof createScheduler>[0]['jobs'][number][]): {
  scheduler: Scheduler
  runtime: VirtualRuntime
} {
  const runtime = virtualRuntime({ startAt: Date.UTC(2026, 2, 1, 8) })
  const scheduler = createScheduler({ jobs, runtime })
  started.push({ scheduler, runtime })
  return { scheduler, runtime }
}

afterEach(async () => {
  for (const { scheduler, runtime } of started.splice(0)) await runtime.runUntil(scheduler.stop())
})

describe('testing', () => {
  it('runs the next tick at its own time and hands over what became of it', async () => {
    const daily = defineJob({
      name: 'daily',
      trigger: cron('0 9 * * *'),
      run: async ({ scheduledFor }) => ({ at: scheduledFor }),
    })
    const { scheduler, runtime } = schedulerOf(daily)
    const first = await testing(scheduler).runTick(daily)
    expect(first.execution?.status).toBe('succeeded')
    expect(first.execution?.scheduledFor).toBe(Date.UTC(2026, 2, 1, 9))
    expect(first.execution?.output).toBe(JSON.stringify({ at: Date.UTC(2026, 2, 1, 9) }))
    expect(first.attempts).toHaveLength(1)
    const second = await testing(scheduler).runTick('daily', Date.UTC(2026, 2, 3, 9))
    expect(second.verdict.verdict).toBe('succeeded')
    expect(runtime.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 2, 3, 9))
  })

  it('waits for retries, and says why a tick did not run', async () => {
    const flaky = defineJob({
      name: 'flaky',
      trigger: cron('0 9 * * *'),
      retry: { limit: 2, backoff: fixed('10m') },
      run: async ({ attempt }) => {
        if (attempt < 3) throw new Error('not yet')
      },
    })
    const { scheduler } = schedulerOf(flaky)
    const { execution, attempts } = await testing(scheduler).runTick('flaky')
    expect(execution?.status).toBe('succeeded')
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'succeeded'])
    await scheduler.pause('flaky')
    const paused = await testing(scheduler).runTick('flaky')
    expect([paused.verdict.verdict, paused.execution]).toEqual(['paused', null])
  })

  it('lets a day pass, with every tick of it', async () => {
    const seen: number[] = []
    const hourly = defineJob({
      name: 'hourly',
      trigger: every('1h'),
      run: async ({ scheduledFor }) => void seen.push(scheduledFor),
    })
    const { scheduler } = schedulerOf(hourly)
    await testing(scheduler).advance('30m')
    expect(seen).toEqual([])
    await testing(scheduler).advance('1d')
    expect(seen).toHaveLength(24)
    expect(new Set(seen).size).toBe(24)
  })

  it('drains what was enqueued', async () => {
    const done: unknown[] = []
    const mail = defineJob({ name: 'mail', run: async ({ input }) => void done.push(input) })
    const { scheduler } = schedulerOf(mail)
    await scheduler.enqueueMany('mail', [1, 2, 3])
    await testing(scheduler).drain()
    expect(new Set(done)).toEqual(new Set([1, 2, 3]))
  })

  it('refuses a scheduler in real time, and a tick that does not exist', async () => {
    const job = defineJob({ name: 'manual', run: async () => undefined })
    expect(() => testing(createScheduler({ jobs: [job] }))).toThrow('virtualRuntime()')
    const { scheduler } = schedulerOf(job)
    await expect(testing(scheduler).runTick('manual')).rejects.toThrow('no tick to come')
    await expect(testing(scheduler).runTick('manual', 5)).rejects.toThrow('no tick at 1970-01-01T00:00:00.005Z')
  })
})
