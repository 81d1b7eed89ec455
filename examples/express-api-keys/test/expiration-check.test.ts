import { describeOnServers } from '@escapement/testkit/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DatabaseAddress } from '../src/database/open-database.ts'
import { expirationCheck } from '../src/jobs/expiration-check.ts'
import { ReminderClient } from '../src/reminders/reminder-client.ts'
import { ReminderService } from '../src/reminders/reminder-service.ts'
import { addressOf } from './support/test-databases.ts'
import { Fixture, NOW, ticksOf } from './support/fixture.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY

/** How long the client waits for an answer that comes, however busy the machine, and for one that does not. Milliseconds. */
const PATIENT = 10_000
const IMPATIENT = 500

function tests(address: () => DatabaseAddress | null): void {
  let fixture: Fixture
  let webhookUrl: URL
  let client: ReminderClient
  let job: ReturnType<typeof expirationCheck>

  beforeEach(async () => {
    fixture = await Fixture.open(address())
    webhookUrl = await fixture.receiver.start()
    client = new ReminderClient(webhookUrl, PATIENT)
    job = expirationCheck('0 9 * * *', new ReminderService(fixture.db, client, fixture.runtime))
  })

  afterEach(() => fixture[Symbol.asyncDispose]())

  function impatientJob(): ReturnType<typeof expirationCheck> {
    const impatient = new ReminderClient(webhookUrl, IMPATIENT)
    return expirationCheck('0 9 * * *', new ReminderService(fixture.db, impatient, fixture.runtime))
  }

  async function deliveredKeys(): Promise<string[]> {
    return fixture.receiver.delivered.map(({ keyId, kind }) => `${keyId} ${kind}`).toSorted()
  }

  it('is due daily at 09:00 UTC, also where clocks change', async () => {
    const scheduler = await fixture.scheduler(job)
    const from = Date.parse('2026-10-24T00:00:00Z')
    expect(await ticksOf(scheduler, job, from, from + 3 * DAY)).toEqual([
      '2026-10-24T09:00:00.000Z',
      '2026-10-25T09:00:00.000Z',
      '2026-10-26T09:00:00.000Z',
    ])
  })

  it('reminds of keys that expire within 7 days and of keys that have expired', async () => {
    await fixture.addKey('soon', { expires_at: NOW + 3 * DAY })
    await fixture.addKey('expired', { expires_at: NOW - 1 })
    await fixture.addKey('expired-and-disabled', { expires_at: NOW - 5 * DAY, disabled_at: NOW - 4 * DAY })
    await fixture.addKey('later', { expires_at: NOW + 8 * DAY })
    await fixture.addKey('never')
    await fixture.addKey('revoked', { expires_at: NOW + DAY, revoked_at: NOW - DAY })
    await fixture.addKey('long-ago', { expires_at: NOW - 91 * DAY })
    const { execution } = await fixture.run(job)
    expect(execution.status).toBe('succeeded')
    expect(JSON.parse(execution.output ?? '')).toEqual({ total: 3, sent: 3, failed: 0 })
    expect(await deliveredKeys()).toEqual(['expired expired', 'expired-and-disabled expired', 'soon expires-soon'])
  })

  it('draws its lines to the row', async () => {
    const midnight = Date.parse('2026-06-02T00:00:00.000Z')
    await fixture.addKey('expired-23:59:59.999', { expires_at: midnight - 1 })
    await fixture.addKey('expires-00:00:00.000', { expires_at: midnight })
    await fixture.addKey('expires-00:00:00.001', { expires_at: midnight + 1 })
    await fixture.addKey('in-exactly-7-days', { expires_at: midnight + WEEK })
    await fixture.addKey('in-7-days-and-a-bit', { expires_at: midnight + WEEK + 1 })
    await fixture.addKey('90-days-ago', { expires_at: midnight - 90 * DAY })
    await fixture.addKey('almost-90-days-ago', { expires_at: midnight - 90 * DAY + 1 })
    const service = new ReminderService(fixture.db, client, { ...fixture.runtime, now: () => midnight })
    await service.sendDue(new AbortController().signal, () => undefined)
    expect(await deliveredKeys()).toEqual([
      'almost-90-days-ago expired',
      'expired-23:59:59.999 expired',
      'expires-00:00:00.000 expired',
      'expires-00:00:00.001 expires-soon',
      'in-exactly-7-days expires-soon',
    ])
  })

  it('sends no reminder twice, however often it runs', async () => {
    await fixture.addKey('soon', { expires_at: NOW + DAY })
    await fixture.run(job)
    const { execution } = await fixture.run(job)
    expect(JSON.parse(execution.output ?? '')).toEqual({ total: 0, sent: 0, failed: 0 })
    expect(fixture.receiver.requests).toBe(1)
  })

  it('reminds anew of a key whose expiry was moved', async () => {
    await fixture.addKey('key', { expires_at: NOW + DAY })
    await fixture.run(job)
    await fixture.db
      .updateTable('api_keys')
      .set({ expires_at: NOW + 2 * DAY })
      .execute()
    await fixture.run(job)
    expect(fixture.receiver.delivered.map(({ expiresAt }) => expiresAt)).toEqual([NOW + DAY, NOW + 2 * DAY])
  })

  it('lets one failed reminder fail no other, and sends it next time', async () => {
    for (const number of Array.from({ length: 30 }).keys())
      await fixture.addKey(`key-${number}`, { expires_at: NOW + DAY })
    fixture.receiver.refuse('key-7')
    const { execution, attempts } = await fixture.run(job)
    expect(execution.status).toBe('succeeded')
    expect(JSON.parse(execution.output ?? '')).toEqual({ total: 30, sent: 29, failed: 1 })
    expect(attempts[0]?.log.map(({ message, fields }) => [message, JSON.parse(fields ?? '')])).toEqual([
      ['reminder failed', expect.objectContaining({ key: 'key-7', error: expect.stringContaining('422') })],
    ])
    fixture.receiver.accept('key-7')
    const second = await fixture.run(job)
    expect(JSON.parse(second.execution.output ?? '')).toEqual({ total: 1, sent: 1, failed: 0 })
    expect(fixture.receiver.delivered).toHaveLength(30)
  })

  it('drops a reminder that failed once its key is revoked', async () => {
    await fixture.addKey('refused', { expires_at: NOW + DAY })
    await fixture.addKey('other', { expires_at: NOW + DAY })
    fixture.receiver.refuse('refused')
    await fixture.run(job)
    fixture.receiver.accept('refused')
    await fixture.db.updateTable('api_keys').set({ revoked_at: NOW }).where('id', '=', 'refused').execute()
    await fixture.run(job)
    expect(await deliveredKeys()).toEqual(['other expires-soon'])
  })

  it.each(['down', 'slow'] as const)('retries, then fails clearly, while the receiver is %s', async (fault) => {
    await fixture.addKey('soon', { expires_at: NOW + DAY })
    fixture.receiver.faults.set(fault)
    const { execution, attempts } = await fixture.run(fault === 'slow' ? impatientJob() : job)
    expect(execution.status).toBe('failed')
    expect(execution.error?.message).toContain('none of 1 reminders could be sent')
    expect(attempts).toHaveLength(4)
    fixture.receiver.faults.set('none')
    const second = await fixture.run(job)
    expect(JSON.parse(second.execution.output ?? '')).toEqual({ total: 1, sent: 1, failed: 0 })
  })

  it('has a reminder acted on once although its answer was lost', async () => {
    await fixture.addKey('soon', { expires_at: NOW + DAY })
    const never = new Promise<void>(() => undefined)
    fixture.receiver.beforeAnswer(() => (fixture.receiver.requests === 1 ? never : undefined))
    const { execution } = await fixture.run(impatientJob())
    expect(execution.status).toBe('succeeded')
    expect(execution.attempt).toBe(2)
    expect(fixture.receiver.requests).toBe(2)
    expect(fixture.receiver.delivered).toHaveLength(1)
  })
}

describe('the expiration check on SQLite', () => {
  tests(() => null)
})

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => tests(() => addressOf(kind, url())))
