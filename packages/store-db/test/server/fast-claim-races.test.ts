import type { ClaimRequest, ClaimResult, JobSpec, NewExecution, PauseWindow } from '@escapement/core'
import { statement } from '@escapement/db'
import { describeOnServers } from '@escapement/testkit/vitest'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { FastClaim } from '../../src/server/claiming/fast-claim.ts'
import { fastClaimSql } from '../../src/server/claiming/fast-claim-sql.ts'
import { Looking } from '../../src/server/claiming/look.ts'
import { QueueStarts } from '../../src/server/claiming/queue-starts.ts'
import { SeekingRuns } from '../../src/server/claiming/seeking-runs.ts'
import { openServerContext } from '../../src/server/open-server-context.ts'
import { ServerContext } from '../../src/server/server-context.ts'
import { serverRoles, type StoreRoles } from '../../src/server/server-roles.ts'
import { register, run, spec } from '../job-stage.ts'
import { openerFor } from './server-pools.ts'

/** Who holds this lock of PostgreSQL keeps statements waiting that read the clock of {@link gated}. */
const GATE = 77

/** The same server, whose clock is read behind a gate: the statement has its snapshot by then, and has locked nothing. */
function gated(context: ServerContext): ServerContext {
  const nowMs = `CASE WHEN pg_advisory_xact_lock_shared(${GATE}) IS NULL THEN 0 ELSE ${context.server.nowMs} END`
  return new ServerContext({
    server: context.server,
    prefix: 'escapement_',
    clock: { nowMs, nowMicros: context.server.nowMicros },
  })
}

const judgedTick: Partial<NewExecution> = { origin: 'tick', scheduledFor: 1, dueAt: 1 }
const pause: PauseWindow = { from: 1, until: null, by: null, note: null }

describeOnServers(['postgres'], ({ url }) => {
  const open = openerFor('postgres')
  let context: ServerContext
  let store: StoreRoles
  let gate: Client
  let token = 0
  let cases = 0
  beforeAll(async () => {
    context = await openServerContext({ database: open(url()), prefix: 'escapement_', migrate: 'auto' })
    store = serverRoles(context)
    gate = new Client({ connectionString: url() })
    await gate.connect()
  })
  afterAll(() => gate.end())

  /** A namespace with a job, an instance and one execution that waits. */
  const staged = async (execution: Partial<NewExecution> = {}): Promise<string> => {
    const namespace = `case-${++cases}`
    await register(store, namespace, 'i')
    await store.enqueue(namespace, [run({ id: `${namespace}-run`, dedupeKey: 'key:1', ...execution })])
    return namespace
  }
  const request = (given: Partial<ClaimRequest> = {}): ClaimRequest => ({
    instance: 'i',
    token: ++token,
    isRepeat: false,
    queues: [{ queue: 'default', slots: 1, prefetch: 1 }],
    aheadMs: 0,
    handlers: new Set(['job']),
    ...given,
  })
  const waitingAt = async (kind: string): Promise<boolean> => {
    const { rows } = await gate.query(`SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = $1`, [kind])
    return rows.length > 0
  }
  /** Claims by one statement; `meanwhile` happens when it has its snapshot, and is over before it locks anything. */
  const claimDuring = async (
    namespace: string,
    meanwhile: () => Promise<unknown>,
    given: Partial<ClaimRequest> = {},
  ): Promise<ClaimResult | null> => {
    const asked = request(given)
    const look = await new Looking(context, new QueueStarts(context.server.runtime), new SeekingRuns(context)).look(
      namespace,
      asked,
    )
    await gate.query(`SELECT pg_advisory_lock(${GATE})`)
    const claiming = new FastClaim(gated(context), new SeekingRuns(gated(context))).claim(namespace, asked, look)
    try {
      await vi.waitUntil(() => waitingAt('advisory'), { timeout: 10_000 })
      await meanwhile()
    } finally {
      await gate.query(`SELECT pg_advisory_unlock(${GATE})`)
    }
    return await claiming
  }
  const statusOf = async (namespace: string): Promise<string | undefined> =>
    (await store.execution(namespace, `${namespace}-run`))?.execution.status
  const redefine = async (namespace: string, given: Partial<JobSpec>): Promise<void> => {
    const job = { spec: { ...spec, ...given }, hash: 'other', version: null, hasHandler: true }
    const expected = { revision: 1, plannedUntil: 0 }
    expect(
      await store.changeDefinitions(namespace, [{ job, expected, effectiveFrom: 1, nextTickAt: null }]),
    ).toStrictEqual(['applied'])
  }

  it('rule 19: what waits is taken by one statement when nothing comes between', async () => {
    const namespace = await staged()
    const result = await claimDuring(namespace, () => Promise.resolve())
    expect(result?.executions).toMatchObject([
      { id: `${namespace}-run`, attempt: 1, guardKey: `execution:${namespace}-run` },
    ])
    expect(result?.executions[0]?.startedAt).toBe(result?.now)
    expect(await statusOf(namespace)).toBe('running')
  })

  it('an instance with very many handlers is left to the pass, which need not be told their names', async () => {
    const namespace = await staged()
    const many = request({ handlers: new Set(['job', ...Array.from({ length: 1_000 }, (_, n) => `other-${n}`)]) })
    const look = await new Looking(context, new QueueStarts(context.server.runtime), new SeekingRuns(context)).look(
      namespace,
      many,
    )
    expect(await new FastClaim(context, new SeekingRuns(context)).claim(namespace, many, look)).toBeNull()
    expect((await store.claim(namespace, many)).executions).toHaveLength(1)
  })

  it('rule 13: a queue that was paused after the snapshot of a claim gives nothing', async () => {
    const namespace = await staged()
    const result = await claimDuring(namespace, () =>
      store.setPauses(namespace, { kind: 'queue', name: 'default' }, [], [pause]),
    )
    expect(result).toBeNull()
    expect((await store.claim(namespace, request())).executions).toEqual([])
  })

  it('rule 13: a job that was paused after the snapshot of a claim gives no tick, and its other runs', async () => {
    const setPause = (namespace: string): Promise<boolean> =>
      store.setPauses(namespace, { kind: 'job', name: 'job' }, [], [pause])
    const [ticking, running] = [await staged(judgedTick), await staged()]
    expect(await claimDuring(ticking, () => setPause(ticking))).toBeNull()
    expect((await store.claim(ticking, request())).executions).toEqual([])
    expect((await claimDuring(running, () => setPause(running)))?.executions).toHaveLength(1)
  })

  it('rule 13: a pause that is not committed yet lets no tick through, whichever way it ends', async () => {
    const namespace = await staged(judgedTick)
    const pausing = context.transaction(async (session) => {
      await session.run(statement(`UPDATE ${context.tables.jobs} SET pauses = :pauses WHERE namespace = :namespace`), {
        namespace,
        pauses: JSON.stringify([pause]),
      })
      expect((await store.claim(namespace, request())).executions).toEqual([])
      throw new Error('not paused after all')
    })
    await expect(pausing).rejects.toThrow('not paused after all')
    expect((await store.claim(namespace, request())).executions).toHaveLength(1)
  })

  it('rule 13: a pause waits for the claim that has used its job or queue', async () => {
    const sql = statement(fastClaimSql(context).claim())
    for (const target of [{ kind: 'job', name: 'job' } as const, { kind: 'queue', name: 'default' } as const]) {
      const namespace = await staged(judgedTick)
      let isPaused = false
      let pausing: Promise<boolean> | undefined
      await context.transaction(async (session) => {
        const asked = { queue: 'default', slots: 1, most: 1, pauses: '[]', handlers: ['job'] }
        const seen = { priority: 0, since: 0, holdsUntil: Number.MAX_SAFE_INTEGER }
        const { rows } = await session.run(sql, { namespace, instance: 'i', token: ++token, ...asked, ...seen })
        expect(rows).toMatchObject([{ id: `${namespace}-run` }])
        pausing = store.setPauses(namespace, target, [], [pause]).finally(() => (isPaused = true))
        await vi.waitUntil(() => waitingAt('transactionid'), { timeout: 10_000 })
        expect(isPaused).toBe(false)
      })
      expect(await pausing).toBe(true)
      expect(await statusOf(namespace)).toBe('running')
    }
  })

  it('rule 20: a queue that got a limit after the snapshot of a claim is left to who counts', async () => {
    const namespace = await staged()
    const result = await claimDuring(namespace, () =>
      store.registerQueues(namespace, [{ name: 'default', clusterLimit: 1 }]),
    )
    expect(result).toBeNull()
    expect((await store.claim(namespace, request())).executions).toHaveLength(1)
  })

  it('rule 12: a job that became exclusive after the snapshot of a claim is left to the pass, which marks what it opens', async () => {
    const namespace = await staged()
    expect(await claimDuring(namespace, () => redefine(namespace, { overlap: 'skip' }))).toBeNull()
    expect((await store.claim(namespace, request())).executions).toHaveLength(1)
    const { rows } = await context.run(
      statement(`SELECT open_key FROM ${context.tables.unsettled} WHERE namespace = :namespace`),
      { namespace },
    )
    expect(rows).toEqual([{ open_key: `job#${namespace}-run` }])
  })

  it('rule 15: an instance whose lease ends, or that is declared dead, after the snapshot of its claim takes nothing', async () => {
    const [dead, late] = [await staged(), await staged()]
    expect(await claimDuring(dead, () => store.removeInstance(dead, 'i'))).toBeNull()
    const text = `UPDATE ${context.tables.instances} SET lease_until = 0 WHERE namespace = :namespace`
    expect(await claimDuring(late, () => context.run(statement(text), { namespace: late }))).toBeNull()
    expect([await statusOf(dead), await statusOf(late)]).toEqual(['scheduled', 'scheduled'])
  })

  it('rule 1: of two instances that saw the same row one takes it, and the other is told to look again', async () => {
    const namespace = await staged()
    await register(store, namespace, 'other')
    let first: ClaimResult | undefined
    const second = await claimDuring(namespace, async () => {
      first = await store.claim(namespace, request({ instance: 'other' }))
    })
    expect(first?.executions).toHaveLength(1)
    expect(second?.executions).toEqual([])
    expect(second?.nextDueAt).toBeGreaterThan(second?.now ?? 0)
  })

  it('rule 18: what was cancelled after the snapshot of a claim is not taken', async () => {
    const namespace = await staged()
    const result = await claimDuring(namespace, () => store.cancel(namespace, `${namespace}-run`, null))
    expect(result?.executions).toEqual([])
    expect(await statusOf(namespace)).toBe('cancelled')
  })

  it('rule 16: what was changed after the snapshot of a claim, and still waits, is taken with a fence above its newest', async () => {
    const namespace = await staged()
    const fence = 9_000_000_000_000_000
    const text = `UPDATE ${context.tables.unsettled} SET fence = :fence, retries = 2 WHERE namespace = :namespace`
    const result = await claimDuring(namespace, () => context.run(statement(text), { namespace, fence }))
    expect(result?.executions).toMatchObject([{ fence: BigInt(fence) + 1n, retries: 2 }])
  })

  it('rule 20: what went to another queue after the snapshot of a claim is not taken', async () => {
    const namespace = await staged()
    const text = `UPDATE ${context.tables.unsettled} SET queue = 'other' WHERE namespace = :namespace`
    const result = await claimDuring(namespace, () => context.run(statement(text), { namespace }))
    expect(result?.executions).toEqual([])
    expect(await statusOf(namespace)).toBe('scheduled')
  })

  it('rule 19: a claim that reaches the server after it was repeated takes nothing under its token', async () => {
    const namespace = await staged()
    const own = ++token
    const late = await claimDuring(
      namespace,
      async () => {
        const queues = [{ queue: 'default', slots: 0, prefetch: 0 }]
        await store.claim(namespace, request({ token: own, isRepeat: true, queues }))
      },
      { token: own },
    )
    expect(late).toBeNull()
    expect(await statusOf(namespace)).toBe('scheduled')
  })

  it('rules 14 and 19: what was interrupted, or runs at most once, is taken for a slot and never ahead', async () => {
    const ahead = { queues: [{ queue: 'default', slots: 0, prefetch: 1 }] }
    const [interrupted, once] = [await staged(), await staged()]
    await context.run(
      statement(`UPDATE ${context.tables.unsettled} SET was_interrupted = 1 WHERE namespace = :namespace`),
      { namespace: interrupted },
    )
    await redefine(once, { onInterrupt: 'fail' })
    for (const namespace of [interrupted, once]) {
      expect(await claimDuring(namespace, () => Promise.resolve(), ahead)).toBeNull()
      expect((await claimDuring(namespace, () => Promise.resolve()))?.executions).toHaveLength(1)
    }
  })
})
