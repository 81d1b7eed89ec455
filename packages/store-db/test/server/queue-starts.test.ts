import { openServer } from '@escapement/db'
import { type ClaimRequest, PUNCTUAL_MS } from '@escapement/core'
import { virtualRuntime } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { describe, expect, it, vi } from 'vitest'
import { type Look, Looking } from '../../src/server/claiming/look.ts'
import { type FoundStarts, QueueStarts, type Starts } from '../../src/server/claiming/queue-starts.ts'
import { SeekingRuns } from '../../src/server/claiming/seeking-runs.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { register, run } from '../job-stage.ts'
import { openerFor, sourcesFor } from './server-pools.ts'

const NOW = 1_000_000
const FAST = { now: NOW, tookMs: 9, forgotten: 0 }
const SLOW = { now: NOW, tookMs: 100, forgotten: 0 }

const NOTHING = { levels: [], judged: {} }

/** What an instance asks for that looks. */
function asked(instance: string): ClaimRequest {
  const queues = [{ queue: 'default', slots: 5, prefetch: 0 }]
  return { instance, token: 1, isRepeat: false, queues, aheadMs: 0, handlers: new Set(['job']) }
}

describe('where looks begin', () => {
  it('a look from the start that is fast leaves the next one to begin there, too', () => {
    const starts = new QueueStarts(virtualRuntime())
    starts.lookedFromStart('n', ['q'], NOTHING, SLOW)
    starts.lookedFromStart('n', ['q'], { levels: [{ queue: 'q', priority: 0, since: 5 }], judged: {} }, FAST)
    expect(starts.of('n', ['q'])).toBeNull()
  })

  it('after a slow one looks begin at what waits', () => {
    const starts = new QueueStarts(virtualRuntime())
    const levels = [
      { queue: 'q', priority: 5, since: NOW - 700 },
      { queue: 'q', priority: 0, since: NOW - 900 },
    ]
    starts.lookedFromStart('n', ['q', 'r'], { levels, judged: { expiry: NOW - 800 } }, SLOW)
    expect(starts.of('n', ['q'])).toEqual({
      levels: expect.arrayContaining(levels),
      judged: { late: NOW - PUNCTUAL_MS - 3_000, expiry: NOW - 800, skippable: NOW - 3_000 },
      forMs: 2_000,
      look: SLOW,
    })
    expect(starts.of('n', ['r'])?.levels).toEqual([{ queue: 'r', priority: 0, since: NOW - 3_000 }])
    expect(starts.of('other', ['q'])).toBeNull()
    expect(starts.of('n', ['q', 'unseen'])).toBeNull()
  })

  it.each([
    { tookMs: 10, restMs: 1_000 },
    { tookMs: 100, restMs: 2_000 },
    { tookMs: 20_000, restMs: 12_000 },
  ])('a look from the start that took $tookMs ms is made again after $restMs ms', async ({ tookMs, restMs }) => {
    const runtime = virtualRuntime()
    const starts = new QueueStarts(runtime)
    starts.lookedFromStart('n', ['q'], NOTHING, { ...SLOW, tookMs })
    await runtime.advance(restMs - 1)
    expect(starts.of('n', ['q'])?.forMs).toBe(1)
    await runtime.advance(1)
    expect(starts.of('n', ['q'])?.forMs).toBe(0)
  })

  it('what has come back is looked for from the start at once', () => {
    const starts = new QueueStarts(virtualRuntime())
    starts.lookedFromStart('n', ['q'], NOTHING, SLOW)
    starts.forget('n')
    expect(starts.of('n', ['q'])).toBeNull()
    starts.lookedFromStart('n', ['q'], NOTHING, SLOW) // it had begun before
    expect(starts.of('n', ['q'])).toBeNull()
    starts.lookedFromStart('n', ['q'], NOTHING, { ...SLOW, forgotten: starts.forgotten })
    expect(starts.of('n', ['q'])).not.toBeNull()
  })

  it('a look that began before one from the start moves nothing on that this one has found', () => {
    const starts = new QueueStarts(virtualRuntime())
    starts.lookedFromStart('n', ['q'], NOTHING, SLOW)
    const given = starts.of('n', ['q']) as Starts
    const levels = [{ queue: 'q', priority: 0, since: 1_000 }]
    starts.lookedFromStart('n', ['q'], { levels, judged: {} }, { ...SLOW, now: NOW + 10 })
    starts.lookedOn('n', given, NOTHING, NOW + 20)
    expect(starts.of('n', ['q'])?.levels).toEqual(levels)
  })

  it('what is still to come hides nothing that falls due before it', () => {
    const starts = new QueueStarts(virtualRuntime())
    const levels = [{ queue: 'q', priority: 0, since: NOW + 60_000 }]
    starts.lookedFromStart('n', ['q'], { levels, judged: { expiry: NOW + 60_000 } }, SLOW)
    expect(starts.of('n', ['q'])).toMatchObject({
      levels: [{ queue: 'q', priority: 0, since: NOW - 100 }],
      judged: { expiry: NOW - 100 },
    })
  })

  it('looks move the start on to what they find, never beyond what may still be inserted', () => {
    const starts = new QueueStarts(virtualRuntime())
    const found = (since: number | null): FoundStarts =>
      since === null ? NOTHING : { levels: [{ queue: 'q', priority: 0, since }], judged: { skippable: since } }
    starts.lookedFromStart('n', ['q'], found(NOW - 5_000), SLOW)
    const moved = (since: number | null, now: number): readonly unknown[] => {
      const isNarrow = starts.lookedOn('n', starts.of('n', ['q']) as Starts, found(since), now)
      const after = starts.of('n', ['q'])
      return [after?.levels[0]?.since, after?.judged.skippable, isNarrow]
    }
    expect(moved(NOW - 3_500, NOW + 10)).toEqual([NOW - 3_500, NOW - 3_500, false])
    expect(moved(null, NOW + 500)).toEqual([NOW - 2_500, NOW - 2_500, false])
    expect(moved(NOW + 9_000, NOW + 600)).toEqual([NOW + 500, NOW + 500, false])
  })

  it('where a look has found nothing from a narrow start, the next one begins earlier', () => {
    const starts = new QueueStarts(virtualRuntime())
    const levels = (since: number): FoundStarts => ({ levels: [{ queue: 'q', priority: 0, since }], judged: {} })
    const look = (found: FoundStarts, now: number): boolean =>
      starts.lookedOn('n', starts.of('n', ['q']) as Starts, found, now)
    starts.lookedFromStart('n', ['q'], levels(NOW - 500), SLOW)
    expect(look(NOTHING, NOW + 10)).toBe(true)
    expect(starts.of('n', ['q'])?.levels).toEqual([{ queue: 'q', priority: 0, since: NOW - 2_990 }])
    expect(look(NOTHING, NOW + 20)).toBe(false)
  })
})

describeOnServers(['postgres', 'mariadb'], ({ kind, url }) => {
  const open = openerFor(kind)

  it('a look that does not begin at the start sees what waits and comes from there on, and the next one from the start the rest', async () => {
    const context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    const roles = serverRoles(context)
    await register(roles, 'default', 'looking')
    const runtime = virtualRuntime()
    const starts = new QueueStarts(runtime)
    const looking = new Looking(context, starts, new SeekingRuns(context))
    const look = (): Promise<Look> => looking.look('default', asked('looking'))
    const now = await context.now()
    const dueAt = now - 50
    await roles.enqueue('default', [run({ dueAt: 1_000 }), run({ dueAt }), run({ priority: 9 })])
    await roles.enqueue('default', [run({ dueAt: now + 3_600_000 })])
    expect((await look()).levels.map((level) => level.priority)).toEqual([9, 0])
    starts.lookedFromStart('default', ['default'], NOTHING, { ...SLOW, now })
    const seen = await look()
    expect(seen).toMatchObject({ isAlive: true, levels: [{ queue: 'default', priority: 0, dueAt }], ticks: [] })
    expect(seen.nextDueAt - seen.now).toBe(2_000) // then it looks from the start, though nobody tells it to
    await runtime.advance(2_000)
    const later = await look() // nobody waits for it
    expect(later).toMatchObject({ levels: [{ dueAt }] })
    expect(later.nextDueAt - later.now).toBeLessThanOrEqual(1_000)
    await vi.waitFor(async () =>
      expect((await look()).levels).toEqual([
        expect.objectContaining({ priority: 9 }),
        { queue: 'default', priority: 0, dueAt: 1_000 },
      ]),
    )
  })

  it('a look that does not begin at the start sees what has waited for too long, and what would not wait', async () => {
    const context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    const roles = serverRoles(context)
    const namespace = 'judged'
    await register(roles, namespace, 'judging')
    const starts = new QueueStarts(virtualRuntime())
    const looking = new Looking(context, starts, new SeekingRuns(context))
    const look = (): Promise<Look> => looking.look(namespace, asked('judging'))
    starts.lookedFromStart(namespace, ['default'], NOTHING, { ...SLOW, now: await context.now() })
    expect(await look()).toMatchObject({ hasExpired: false, hasSkippable: false })
    const now = await context.now()
    await roles.enqueue(namespace, [run({ dueAt: now - 20, startWithinMs: 10 })])
    await roles.enqueue(namespace, [run({ dueAt: now - 20, isExclusive: true, ifOpen: 'skip' })])
    expect(await look()).toMatchObject({ hasExpired: true, hasSkippable: true })
  })

  it.each([false, true])(
    'what is taken back because its grant was lost is looked for from the start: by a control pool %s',
    async (hasControl) => {
      const context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
      const starts = new QueueStarts(virtualRuntime())
      const roles = serverRoles(context, { starts, ...(hasControl ? { control: context } : {}) })
      const namespace = `taken back ${hasControl}`
      await register(roles, namespace, 'living')
      await roles.enqueue(namespace, [run({ dueAt: 1_000 })])
      expect((await roles.claim(namespace, asked('living'))).executions).toHaveLength(1)
      starts.lookedFromStart(namespace, ['default'], NOTHING, { ...SLOW, now: await context.now() })
      await roles.heartbeat(namespace, { instance: 'living', leaseMs: 60_000, holding: [], claimedUpTo: 1 })
      expect((await roles.claim(namespace, { ...asked('living'), token: 2 })).executions).toHaveLength(1)
    },
  )
})

describeOnServers(['postgres'], ({ kind, url }) => {
  const sources = sourcesFor(kind)

  it('what a transaction has inserted before looks that could not see it is seen once it has committed', async () => {
    const context = await openServerContext({
      database: openServer(sources.pool(url())),
      prefix: 'escapement_',
      migrate: 'auto',
    })
    const roles = serverRoles(context)
    await register(roles, 'default', 'looking')
    const { server } = context
    const clock = { nowMs: `(${server.nowMs} + 1000)`, nowMicros: server.nowMicros }
    const starts = new QueueStarts(virtualRuntime())
    const later = new ServerContext({ server, prefix: 'escapement_', clock })
    const looking = new Looking(later, starts, new SeekingRuns(later))
    const look = (): Promise<Look> => looking.look('default', asked('looking'))
    starts.lookedFromStart('default', ['default'], NOTHING, { ...SLOW, now: await context.now() })
    await sources
      .kysely(url())
      .transaction()
      .execute(async (transaction) => {
        await roles.enqueue('default', [run()], transaction)
        for (let looks = 0; looks < 3; looks++) expect((await look()).levels).toEqual([])
      })
    expect((await look()).levels).toHaveLength(1)
  })
})
