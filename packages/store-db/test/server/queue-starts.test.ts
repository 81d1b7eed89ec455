import { virtualRuntime } from '@escapement/testkit'
import { describeOnServers } from '@escapement/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { type Look, Looking } from '../../src/server/claiming/look.ts'
import { QueueStarts } from '../../src/server/claiming/queue-starts.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { serverRoles } from '../../src/server/server-roles.ts'
import { register, run } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

const NOW = 1_000_000
const FAST = { now: NOW, tookMs: 9 }
const SLOW = { now: NOW, tookMs: 100 }

describe('where looks begin', () => {
  it('a look from the start that is fast leaves the next one to begin there, too', () => {
    const starts = new QueueStarts(virtualRuntime())
    starts.lookedFromStart('n', ['q'], [{ queue: 'q', priority: 0, since: 5 }], FAST)
    expect(starts.of('n', ['q'])).toBeNull()
  })

  it('after a slow one looks begin at what waits, for twenty times as long and a second at least', async () => {
    const runtime = virtualRuntime()
    const starts = new QueueStarts(runtime)
    const found = [
      { queue: 'q', priority: 5, since: NOW - 700 },
      { queue: 'q', priority: 0, since: NOW - 900 },
    ]
    starts.lookedFromStart('n', ['q', 'r'], found, SLOW)
    expect(starts.of('n', ['q'])).toEqual(expect.arrayContaining(found))
    expect(starts.of('n', ['r'])).toEqual([{ queue: 'r', priority: 0, since: NOW - 100 }])
    expect(starts.of('other', ['q'])).toBeNull()
    expect(starts.of('n', ['q', 'unseen'])).toBeNull()
    await runtime.advance(1_999)
    expect(starts.of('n', ['q'])).not.toBeNull()
    await runtime.advance(1)
    expect(starts.of('n', ['q'])).toBeNull()
    starts.lookedFromStart('n', ['q'], found, { now: NOW, tookMs: 10 })
    await runtime.advance(999)
    expect(starts.of('n', ['q'])).not.toBeNull()
    await runtime.advance(1)
    expect(starts.of('n', ['q'])).toBeNull()
  })

  it('what is still to come hides nothing that falls due before it', () => {
    const starts = new QueueStarts(virtualRuntime())
    starts.lookedFromStart('n', ['q'], [{ queue: 'q', priority: 0, since: NOW + 60_000 }], SLOW)
    expect(starts.of('n', ['q'])).toEqual([{ queue: 'q', priority: 0, since: NOW - 100 }])
  })

  it('looks move the start on to what they find, never back and never beyond what may still be inserted', () => {
    const starts = new QueueStarts(virtualRuntime())
    starts.lookedFromStart('n', ['q'], [{ queue: 'q', priority: 0, since: NOW - 5_000 }], SLOW)
    const moved = (since: number | null, now: number): number | undefined => {
      const given = starts.of('n', ['q']) ?? []
      starts.lookedOn('n', given, since === null ? [] : [{ queue: 'q', priority: 0, since }], now)
      return starts.of('n', ['q'])?.[0]?.since
    }
    expect(moved(NOW - 3_000, NOW + 10)).toBe(NOW - 3_000)
    expect(moved(NOW - 4_000, NOW + 20)).toBe(NOW - 3_000)
    expect(moved(null, NOW + 500)).toBe(NOW + 400)
    expect(moved(NOW + 9_000, NOW + 600)).toBe(NOW + 500)
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
    const looking = new Looking(context, starts)
    const look = (): Promise<Look> =>
      looking.look('default', {
        instance: 'looking',
        token: 1,
        isRepeat: false,
        queues: [{ queue: 'default', slots: 5, prefetch: 0 }],
        aheadMs: 0,
        handlers: new Set(['job']),
      })
    const now = await context.now()
    const dueAt = now - 50
    await roles.enqueue('default', [run({ dueAt: 1_000 }), run({ dueAt }), run({ priority: 9 })])
    await roles.enqueue('default', [run({ dueAt: now + 3_600_000 })])
    expect((await look()).levels.map((level) => level.priority)).toEqual([9, 0])
    starts.lookedFromStart('default', ['default'], [], { now, tookMs: 100 })
    const seen = await look()
    expect(seen).toMatchObject({ isAlive: true, levels: [{ queue: 'default', priority: 0, dueAt }], ticks: [] })
    expect(seen.nextDueAt).toBe(now + 3_600_000)
    await runtime.advance(2_000)
    expect((await look()).levels).toEqual([
      expect.objectContaining({ priority: 9 }),
      { queue: 'default', priority: 0, dueAt: 1_000 },
    ])
  })
})
