import { createScheduler } from '@escapement/core'
import { describeOnServers } from '@escapement/testkit/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DatabaseAddress } from '../src/database/open-database.ts'
import { CleanUpService } from '../src/clean-up/clean-up-service.ts'
import { cleanUp } from '../src/jobs/clean-up.ts'
import { addressOf } from './support/test-databases.ts'
import { Fixture, NOW, ticksOf } from './support/fixture.ts'

const DAY = 86_400_000
const { signal } = new AbortController()

function tests(address: () => DatabaseAddress | null): void {
  let fixture: Fixture
  let service: CleanUpService

  beforeEach(async () => {
    fixture = await Fixture.open(address())
    service = new CleanUpService(fixture.db, 90 * DAY)
  })

  afterEach(() => fixture[Symbol.asyncDispose]())

  async function addReminder(id: string, created_at: number): Promise<void> {
    const row = { id, key_id: id, kind: 'expired', expires_at: 0, state: 'sent', sent_at: null, error: null } as const
    await fixture.db
      .insertInto('reminders')
      .values({ ...row, created_at })
      .execute()
  }

  async function addSession(token_hash: string, expires_at: number): Promise<void> {
    await fixture.db.insertInto('sessions').values({ token_hash, user: 'ada', created_at: 0, expires_at }).execute()
  }

  async function keyIds(): Promise<string[]> {
    return (await fixture.db.selectFrom('api_keys').select('id').orderBy('id').execute()).map(({ id }) => id)
  }

  it('is due daily at 00:00 UTC', async () => {
    const job = cleanUp('0 0 * * *', service)
    const scheduler = await fixture.scheduler(job)
    expect(await ticksOf(scheduler, job, NOW, NOW + 2 * DAY)).toEqual([
      '2026-06-02T00:00:00.000Z',
      '2026-06-03T00:00:00.000Z',
    ])
  })

  it('does all its parts in one run, and counts them', async () => {
    await fixture.addKey('alive', { expires_at: NOW + DAY })
    await fixture.addKey('expired', { expires_at: NOW - DAY })
    await fixture.addKey('old', { expires_at: NOW - 91 * DAY, disabled_at: NOW - 90 * DAY })
    await addReminder('old', NOW - 91 * DAY)
    await addReminder('new', NOW - 89 * DAY)
    await addSession('over', NOW - 1)
    await addSession('open', NOW + DAY)
    const { execution } = await fixture.run(cleanUp('0 0 * * *', service))
    expect(execution.status).toBe('succeeded')
    expect(JSON.parse(execution.output ?? '')).toEqual({
      disabledKeys: 1,
      deletedKeys: 1,
      deletedReminders: 1,
      deletedSessions: 1,
    })
    expect(await keyIds()).toEqual(['alive', 'expired'])
  })

  it('disables keys at their expiry to the row', async () => {
    const midnight = Date.parse('2026-06-02T00:00:00.000Z')
    await fixture.addKey('expired-23:59:59.999', { expires_at: midnight - 1 })
    await fixture.addKey('expires-00:00:00.000', { expires_at: midnight })
    await fixture.addKey('expires-00:00:00.001', { expires_at: midnight + 1 })
    await fixture.addKey('never')
    expect(await service.cleanUp(midnight, signal)).toMatchObject({ disabledKeys: 2 })
    const disabled = await fixture.db.selectFrom('api_keys').select('id').where('disabled_at', 'is not', null).execute()
    expect(disabled.map(({ id }) => id)).toEqual(['expired-23:59:59.999', 'expires-00:00:00.000'])
  })

  it('deletes keys that expired longer ago than the retention, to the row', async () => {
    const cutOff = NOW - 90 * DAY
    await fixture.addKey('before', { expires_at: cutOff - 1 })
    await fixture.addKey('exactly', { expires_at: cutOff })
    await fixture.addKey('after', { expires_at: cutOff + 1 })
    expect(await service.cleanUp(NOW, signal)).toMatchObject({ deletedKeys: 1 })
    expect(await keyIds()).toEqual(['after', 'exactly'])
  })

  it('keeps expired keys as long as EXPIRED_KEY_RETENTION says', async () => {
    await fixture.addKey('key', { expires_at: NOW - 10 * DAY })
    expect(await new CleanUpService(fixture.db, 11 * DAY).cleanUp(NOW, signal)).toMatchObject({ deletedKeys: 0 })
    expect(await new CleanUpService(fixture.db, 9 * DAY).cleanUp(NOW, signal)).toMatchObject({ deletedKeys: 1 })
  })

  it('deletes reminders older than 90 days and sessions that have expired, to the row', async () => {
    await addReminder('before', NOW - 90 * DAY - 1)
    await addReminder('exactly', NOW - 90 * DAY)
    await addSession('over', NOW)
    await addSession('open', NOW + 1)
    expect(await service.cleanUp(NOW, signal)).toMatchObject({ deletedReminders: 1, deletedSessions: 1 })
    expect(await fixture.db.selectFrom('reminders').select('id').execute()).toEqual([{ id: 'exactly' }])
    expect(await fixture.db.selectFrom('sessions').select('token_hash').execute()).toEqual([{ token_hash: 'open' }])
  })

  it('counts its cut-offs from when it was due, also when it runs late', async () => {
    const job = cleanUp('0 0 * * *', service)
    await using scheduler = createScheduler({ jobs: [job], runtime: fixture.runtime })
    const due = fixture.runtime.now()
    await addSession('expired-when-it-was-due', due)
    await addSession('expired-since', due + 1)
    const { id } = await scheduler.enqueue(job, undefined, { at: due })
    await fixture.runtime.sleep(1_000)
    await scheduler.start()
    expect(await scheduler.wait(id)).toMatchObject({ status: 'succeeded', scheduledFor: due })
    expect(await fixture.db.selectFrom('sessions').select('token_hash').execute()).toEqual([
      { token_hash: 'expired-since' },
    ])
  })

  it('deletes thousands in batches, and goes on where it was interrupted', async () => {
    const rows = Array.from({ length: 1_800 }, (_, n) => ({
      token_hash: `session-${n}`,
      user: 'ada',
      created_at: 0,
      expires_at: 1,
    }))
    await fixture.db.insertInto('sessions').values(rows).execute()
    const stop = new AbortController()
    const interrupted = service.cleanUp(NOW, stop.signal)
    setImmediate(() => stop.abort(new Error('stopping')))
    await expect(interrupted).rejects.toThrow('stopping')
    const { left } = await fixture.db
      .selectFrom('sessions')
      .select((eb) => eb.fn.countAll<number>().as('left'))
      .executeTakeFirstOrThrow()
    expect(left).toBeGreaterThan(0)
    expect(left % 500).toBe(1_800 % 500)
    expect(await service.cleanUp(NOW, signal)).toMatchObject({ deletedSessions: left })
  })

  it('leaves executions to the retention of the scheduler: 30 days', async () => {
    await using scheduler = createScheduler({ jobs: [cleanUp('0 0 * * *', service)], retention: '30d' })
    expect(await scheduler.settings()).toEqual({ retentionMs: 30 * DAY })
  })
}

describe('the clean-up on SQLite', () => {
  tests(() => null)
})

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => tests(() => addressOf(kind, url())))
