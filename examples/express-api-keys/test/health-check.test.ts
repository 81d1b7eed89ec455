import type { Health } from '@escapement/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseProbe, schedulerProbe, upstreamProbe } from '../src/health/probes.ts'
import { healthCheck } from '../src/jobs/health-check.ts'
import { UsageClient } from '../src/usage/usage-client.ts'
import { Fixture, NOW, ticksOf } from './support/fixture.ts'

const MINUTE = 60_000

/** How long the client waits for an answer that comes, however busy the machine, and for one that does not. Milliseconds. */
const PATIENT = 10_000
const IMPATIENT = 100

describe('the health check', () => {
  let fixture: Fixture
  let health: Pick<Health, 'isReady' | 'state' | 'findings'>
  let upstreamUrl: URL
  let job: ReturnType<typeof healthCheck>

  beforeEach(async () => {
    fixture = await Fixture.open()
    health = { isReady: true, state: 'running', findings: [] }
    upstreamUrl = await fixture.upstream.start()
    job = jobThatWaits(PATIENT)
  })

  afterEach(() => fixture[Symbol.asyncDispose]())

  function jobThatWaits(timeoutMs: number): ReturnType<typeof healthCheck> {
    return healthCheck('*/5 * * * *', [
      databaseProbe(fixture.db),
      upstreamProbe(new UsageClient(upstreamUrl, timeoutMs)),
      schedulerProbe(() => ({ health: () => Promise.resolve(health as Health) })),
    ])
  }

  it('is due every five minutes', async () => {
    const scheduler = await fixture.scheduler(job)
    expect(await ticksOf(scheduler, job, NOW + 1, NOW + 10 * MINUTE)).toEqual([
      '2026-06-01T09:05:00.000Z',
      '2026-06-01T09:10:00.000Z',
    ])
  })

  it('succeeds when everything works', async () => {
    const { execution } = await fixture.run(job)
    expect(execution.status).toBe('succeeded')
    expect(JSON.parse(execution.output ?? '')).toEqual({ database: 'ok', upstream: 'ok', scheduler: 'ok' })
  })

  it.each([
    ['down', /^upstream: usage service at .* cannot be reached/],
    ['slow', /^upstream: usage service at .* did not answer within 100 ms/],
  ] as const)('fails at once when the upstream is %s', async (fault, says) => {
    fixture.upstream.faults.set(fault)
    const { execution, attempts } = await fixture.run(fault === 'slow' ? jobThatWaits(IMPATIENT) : job)
    expect(execution.status).toBe('failed')
    expect(execution.error?.message).toMatch(says)
    expect(attempts).toHaveLength(1)
  })

  it('fails when the database does', async () => {
    await fixture.db.schema.dropTable('usage_cursor').execute()
    const { execution } = await fixture.run(job)
    expect(execution.error?.message).toMatch(/^database: no such table/)
  })

  it('fails when the scheduler takes no work, or has found something critical', async () => {
    health = { ...health, isReady: false, state: 'stopping' }
    expect((await fixture.run(job)).execution.error?.message).toBe('scheduler: takes no work, it is stopping')
    health = { ...health, findings: [{ code: 'store-unavailable', severity: 'critical', message: 'no store' }] }
    expect((await fixture.run(job)).execution.error?.message).toBe('scheduler: store-unavailable: no store')
  })

  it('passes a mere warning of the scheduler on', async () => {
    health = { ...health, findings: [{ code: 'loop-blocked', severity: 'warning', message: 'for 900 ms' }] }
    const { execution } = await fixture.run(job)
    expect(execution.status).toBe('succeeded')
    expect(JSON.parse(execution.output ?? '')).toMatchObject({ scheduler: 'loop-blocked: for 900 ms' })
  })

  it('names all that is bad', async () => {
    fixture.upstream.faults.set('down')
    health = { ...health, isReady: false, state: 'stopped' }
    await fixture.db.schema.dropTable('usage_cursor').execute()
    const { execution } = await fixture.run(job)
    expect(execution.error?.message).toMatch(/^database: .*; upstream: .*; scheduler: takes no work/)
  })

  it('asks the real scheduler', async () => {
    const scheduler = await fixture.scheduler(job)
    const real = healthCheck('*/5 * * * *', [schedulerProbe(() => scheduler)])
    expect((await fixture.run(real)).execution.status).toBe('succeeded')
  })
})
