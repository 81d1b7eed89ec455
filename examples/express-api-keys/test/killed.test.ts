import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Child } from './support/child.ts'
import { Fixture } from './support/fixture.ts'

const DAY = 86_400_000
const KEYS = 5

describe('a process that is killed between webhook and bookkeeping', { timeout: 60_000 }, () => {
  let fixture: Fixture
  const children: Child[] = []

  beforeEach(async () => {
    fixture = await Fixture.open()
  })

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()))
    await fixture[Symbol.asyncDispose]()
  })

  function startService(webhookUrl: URL): Child {
    const child = new Child('./service-child.ts', [], {
      PORT: '0',
      DATABASE_FILE: fixture.databaseFile,
      WEBHOOK_URL: webhookUrl.href,
      EXPIRATION_CHECK_CRON: '* * * * * *',
    })
    children.push(child)
    return child
  }

  it('has each reminder acted on once, by its successor at the latest', async () => {
    for (const number of Array.from({ length: KEYS }).keys()) {
      await fixture.addKey(`key-${number}`, { expires_at: Date.now() + DAY })
    }
    const webhookUrl = await fixture.receiver.start()
    const delivered = Promise.withResolvers<void>()
    fixture.receiver.beforeAnswer(() => {
      if (fixture.receiver.requests === 3) delivered.resolve()
      return new Promise(() => undefined) // the answer never comes
    })
    const victim = startService(webhookUrl)
    await delivered.promise
    await victim.kill()
    const states = await fixture.db.selectFrom('reminders').select('state').execute()
    expect(states.map(({ state }) => state)).toEqual(Array.from({ length: KEYS }, () => 'pending'))

    fixture.receiver.beforeAnswer(() => undefined)
    const successor = startService(webhookUrl)
    await successor.says(/"execution:succeeded".*"job":"expiration-check".*"total\\":5,\\"sent\\":5/)
    expect(fixture.receiver.requests).toBeGreaterThan(KEYS)
    expect(fixture.receiver.delivered.map(({ keyId }) => keyId).toSorted()).toEqual([
      'key-0',
      'key-1',
      'key-2',
      'key-3',
      'key-4',
    ])
  })
})
