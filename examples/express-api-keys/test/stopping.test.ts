import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Child } from './support/child.ts'
import { Fixture } from './support/fixture.ts'

const DAY = 86_400_000
const ADMIN_TOKEN = 'an-admin-token-of-the-tests'

describe.skipIf(process.platform === 'win32')('a signal', { timeout: 60_000 }, () => {
  let fixture: Fixture
  let service: Child
  let answer: PromiseWithResolvers<void>

  beforeEach(async () => {
    fixture = await Fixture.open()
    answer = Promise.withResolvers()
    await fixture.addKey('soon', { expires_at: Date.now() + DAY })
    const delivered = Promise.withResolvers<void>()
    fixture.receiver.beforeAnswer(() => {
      delivered.resolve()
      return answer.promise
    })
    service = new Child('../../src/main.ts', [], {
      PORT: '0',
      DATABASE_FILE: fixture.databaseFile,
      WEBHOOK_URL: (await fixture.receiver.start()).href,
      ADMIN_TOKEN,
      EXPIRATION_CHECK_CRON: '* * * * * *',
      INSTANCE: 'under-test',
    })
    await service.says(/"listening"/)
    await delivered.promise // a handler is in the middle of its work
  }, 60_000)

  afterEach(async () => {
    answer.resolve()
    await service.kill()
    await fixture[Symbol.asyncDispose]()
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets what runs finish, takes nothing new, and ends with code 0',
    async (signal) => {
      const [, url] = await service.says(/"url":"([^"]+)"/)
      service.process.kill(signal)
      await service.says(/"stopping"/)
      await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed')
      answer.resolve()
      expect(await service.exited).toEqual({ code: 0, signal: null })
      expect(service.output).toContain('"stopped"')
      expect(service.output).toMatch(/"execution:succeeded".*"total\\":1,\\"sent\\":1/)
      const reminder = await fixture.db.selectFrom('reminders').select('state').executeTakeFirstOrThrow()
      expect(reminder.state).toBe('sent')
    },
  )

  it('a second one ends the process at once', async () => {
    service.process.kill('SIGTERM')
    await service.says(/"stopping"/)
    service.process.kill('SIGTERM')
    expect(await service.exited).toEqual({ code: 143, signal: null })
    expect(service.output).not.toContain('"stopped"')
  })
})
