import type { ExecutionDetail } from '@escapement/core'
import { describeOnServers } from '@escapement/testkit/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DatabaseAddress } from '../src/database/open-database.ts'
import { usageSync } from '../src/jobs/usage-sync.ts'
import { UsageClient, type UsagePage } from '../src/usage/usage-client.ts'
import { UsageService } from '../src/usage/usage-service.ts'
import { addressOf } from './support/test-databases.ts'
import { Fixture, NOW, ticksOf } from './support/fixture.ts'

const HOUR = 3_600_000

/** How long the client waits for an answer that comes, however busy the machine, and for one that does not. Milliseconds. */
const PATIENT = 10_000
const IMPATIENT = 100

function tests(address: () => DatabaseAddress | null): void {
  let fixture: Fixture
  let upstreamUrl: URL
  let service: UsageService
  let job: ReturnType<typeof usageSync>

  beforeEach(async () => {
    fixture = await Fixture.open(address())
    upstreamUrl = await fixture.upstream.start()
    service = new UsageService(fixture.db, new UsageClient(upstreamUrl, PATIENT), fixture.runtime)
    job = usageSync('0 * * * *', service)
    await fixture.addKey('a')
    await fixture.addKey('b')
  })

  afterEach(() => fixture[Symbol.asyncDispose]())

  async function figures(): Promise<unknown> {
    const totals = await fixture.db.selectFrom('usage_totals').selectAll().orderBy('key_id').execute()
    const cursor = await fixture.db.selectFrom('usage_cursor').select('position').executeTakeFirstOrThrow()
    return [...totals.map((row) => [row.key_id, row.requests, row.last_used_at]), cursor.position]
  }

  function outputOf({ execution }: ExecutionDetail): unknown {
    expect(execution.status).toBe('succeeded')
    return JSON.parse(execution.output ?? '')
  }

  it('is due hourly', async () => {
    const scheduler = await fixture.scheduler(job)
    expect(await ticksOf(scheduler, job, NOW + 1, NOW + 2 * HOUR)).toEqual([
      '2026-06-01T10:00:00.000Z',
      '2026-06-01T11:00:00.000Z',
    ])
  })

  it('adds what was used since the last sync, and only that', async () => {
    fixture.upstream.record('a', 3, 10)
    fixture.upstream.record('b', 5, 20)
    fixture.upstream.record('a', 4, 30)
    expect(outputOf(await fixture.run(job))).toEqual({ records: 3, keys: 2, unknown: 0, position: 3, hasMore: false })
    expect(await figures()).toEqual([['a', 7, 30], ['b', 5, 20], 3])
    fixture.upstream.record('a', 1, 25)
    expect(outputOf(await fixture.run(job))).toEqual({ records: 1, keys: 1, unknown: 0, position: 4, hasMore: false })
    expect(await figures()).toEqual([['a', 8, 30], ['b', 5, 20], 4])
    expect(outputOf(await fixture.run(job))).toMatchObject({ records: 0, keys: 0 })
  })

  it('reads page after page, and passes over keys that are gone', async () => {
    for (const number of Array.from({ length: 1_200 }).keys()) {
      fixture.upstream.record(number % 2 === 0 ? 'a' : 'deleted', 1, number)
    }
    expect(outputOf(await fixture.run(job))).toEqual({
      records: 1_200,
      keys: 1,
      unknown: 600,
      position: 1_200,
      hasMore: false,
    })
    expect(await figures()).toEqual([['a', 600, 1_198], 1_200])
  })

  it.each([
    ['down', /usage service at .* cannot be reached/],
    ['slow', /usage service at .* did not answer within 100 ms/],
    ['garbage', /usage service at .* answered what is not usage: no JSON; it begins with "<html>/],
  ] as const)(
    'retries while the upstream is %s, then fails clearly with the old figures intact',
    async (fault, says) => {
      fixture.upstream.record('a', 3, 10)
      await fixture.run(job)
      const before = await figures()
      fixture.upstream.record('a', 100, 20)
      fixture.upstream.faults.set(fault)
      const client = new UsageClient(upstreamUrl, fault === 'slow' ? IMPATIENT : PATIENT)
      const faulty = usageSync('0 * * * *', new UsageService(fixture.db, client, fixture.runtime))
      const { execution, attempts } = await fixture.run(faulty)
      expect(execution.status).toBe('failed')
      expect(execution.reason).toBe('exhausted')
      expect(execution.error?.message).toMatch(says)
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed', 'failed'])
      expect(await figures()).toEqual(before)
    },
  )

  it('catches up once the upstream is back', async () => {
    fixture.upstream.record('a', 3, 10)
    fixture.upstream.faults.set('down')
    await fixture.run(job)
    fixture.upstream.faults.set('none')
    await fixture.run(job)
    expect(await figures()).toEqual([['a', 3, 10], 1])
  })

  it('takes nothing over when a later page is garbage', async () => {
    for (const number of Array.from({ length: 600 }).keys()) fixture.upstream.record('a', 1, number)
    fixture.upstream.record('', 1, 0) // on the second page: no key has an empty id
    const { execution } = await fixture.run(job)
    expect(execution.error?.message).toContain('records.100.keyId')
    expect(await figures()).toEqual([0])
  })

  it('counts nothing twice when two syncs overlap', async () => {
    fixture.upstream.record('a', 3, 10)
    const { signal } = new AbortController()
    const syncs = 2
    let reading = 0
    const allRead = Promise.withResolvers<void>()
    // Neither writes before both have read.
    class OverlappingClient extends UsageClient {
      override async readAfter(position: number, stopped: AbortSignal): Promise<UsagePage> {
        const page = await super.readAfter(position, stopped)
        if (++reading === syncs) allRead.resolve()
        await allRead.promise
        return page
      }
    }
    const overlapping = new UsageService(fixture.db, new OverlappingClient(upstreamUrl, PATIENT), fixture.runtime)
    const results = await Promise.allSettled(Array.from({ length: syncs }, () => overlapping.sync(signal)))
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await figures()).toEqual([['a', 3, 10], 1])
  })
}

describe('the usage sync on SQLite', () => {
  tests(() => null)
})

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => tests(() => addressOf(kind, url())))
