import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Child } from './support/child.ts'
import { Fixture } from './support/fixture.ts'

describe('starting', { timeout: 60_000 }, () => {
  let fixture: Fixture

  beforeEach(async () => {
    fixture = await Fixture.open()
  })

  afterEach(() => fixture[Symbol.asyncDispose]())

  async function refusalOf(environment: Record<string, string>): Promise<string> {
    const service = new Child('../../src/main.ts', [], {
      PORT: '0',
      DATABASE_FILE: fixture.databaseFile,
      ...environment,
    })
    expect(await service.exited).toEqual({ code: 1, signal: null })
    return service.output
  }

  it('is refused when the environment is bad, before anything is opened', async () => {
    const output = await refusalOf({
      DATA_SYNC_CRON: '61 * * * *',
      DATABASE_FILE: join(fixture.folder, 'absent', 'x.db'),
    })
    expect(output.trim().split('\n')).toEqual([
      'the environment is not usable:',
      expect.stringMatching(/^ {2}DATA_SYNC_CRON is "61 \* \* \* \*": .*minute.*61/),
    ])
  })

  it('is refused when the database cannot be opened, and names it', async () => {
    const file = join(fixture.folder, 'absent', 'x.db')
    expect(await refusalOf({ DATABASE_FILE: file })).toContain(`database ${file} cannot be used: `)
  })

  it('is refused when the port is taken', async () => {
    const other = createServer().listen(0)
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    expect(await refusalOf({ PORT: String(port) })).toContain(`EADDRINUSE: address already in use :::${port}`)
    other.close()
  })
})
