import { strict as assert } from 'node:assert'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { idsOf, type StoreStage } from '../store-stage.ts'

const MINUTE = 60_000

/** Planning: the cursor, the unique tick, spans, late ticks, backfill. */
export const planCases: readonly JobStoreCase[] = [
  storeCase([1, 5], 'a plan inserts its ticks and moves the cursor in one step', async (stage) => {
    await stage.job()
    const at = stage.now()
    const executions = [stage.tick(at + MINUTE), stage.tick(at + 2 * MINUTE)]
    const entry = await stage.entry('report', {
      executions,
      plannedUntil: at + 2 * MINUTE,
      nextTickAt: at + 3 * MINUTE,
    })
    assert.deepEqual(await stage.store.plan(stage.namespace, [entry]), ['planned'])
    const state = await stage.state('report')
    assert.deepEqual([state.plannedUntil, state.nextTickAt], [at + 2 * MINUTE, at + 3 * MINUTE])
    const ticks = await stage.store.tickExecutions(stage.namespace, 'report', at, at + 10 * MINUTE, 10)
    assert.deepEqual(
      ticks.map(({ id, scheduledFor, dueAt, status, origin }) => ({ id, scheduledFor, dueAt, status, origin })),
      executions.map(({ id, scheduledFor }) => ({
        id,
        scheduledFor,
        dueAt: scheduledFor,
        status: 'scheduled',
        origin: 'tick',
      })),
    )
  }),

  storeCase([1, 10], 'two planners that plan the same at once make one execution a tick', async (stage) => {
    await stage.job()
    const at = stage.now() + MINUTE
    const entries = await Promise.all(
      [1, 2].map(() => stage.entry('report', { executions: [stage.tick(at)], plannedUntil: at })),
    )
    const results = await Promise.all(entries.map((entry) => stage.store.plan(stage.namespace, [entry])))
    assert.deepEqual(results.flat().toSorted(), ['conflict', 'planned'])
    assert.equal(await stage.store.countExecutions(stage.namespace, {}, 10), 1)
  }),

  storeCase([1], 'a tick that has an execution keeps it when it is planned again', async (stage) => {
    await stage.job()
    const at = stage.now() + MINUTE
    const [id] = await stage.plan('report', [at])
    const entry = await stage.entry('report', {
      executions: [stage.tick(at), stage.tick(at + MINUTE)],
      plannedUntil: at + MINUTE,
    })
    assert.deepEqual(await stage.store.plan(stage.namespace, [entry]), ['planned'])
    const ticks = await stage.store.tickExecutions(stage.namespace, 'report', 0, at + MINUTE, 10)
    assert.deepEqual([ticks.length, ticks[0]?.id], [2, id])
  }),

  storeCase(
    [5],
    'an entry made on an old cursor, revision or pause changes nothing, also within a batch',
    async (stage) => {
      await stage.job()
      await stage.job({ name: 'other' })
      const at = stage.now() + MINUTE
      const span = { job: 'report', revision: 1, from: at, to: at, count: 1, reason: 'misfire' } as const
      const stale = await stage.entry('report', { executions: [stage.tick(at)], spans: [span], plannedUntil: at })
      const pause = { from: at, until: null, by: null, note: null }
      const otherEntry = await stage.entry('other', {
        executions: [stage.tick(at, { job: 'other' })],
        plannedUntil: at,
      })
      for (const moved of [
        { ...stale, expected: { ...stale.expected, plannedUntil: stale.expected.plannedUntil - 1 } },
        { ...stale, expected: { ...stale.expected, revision: 2 } },
        { ...stale, expected: { ...stale.expected, pauses: [pause] } },
      ]) {
        assert.deepEqual(await stage.store.plan(stage.namespace, [moved]), ['conflict'])
      }
      assert.deepEqual(
        await stage.store.plan(stage.namespace, [
          { ...stale, expected: { ...stale.expected, revision: 9 } },
          otherEntry,
        ]),
        ['conflict', 'planned'],
      )
      assert.deepEqual(await stage.spans(), [])
      assert.equal(await stage.store.countExecutions(stage.namespace, { jobs: ['report'] }, 10), 0)
      assert.equal(await stage.store.countExecutions(stage.namespace, { jobs: ['other'] }, 10), 1)
      assert.equal((await stage.state('report')).plannedUntil, stale.expected.plannedUntil)
    },
  ),

  storeCase(
    [4],
    'spans of one verdict grow together; another verdict, revision or tick between keeps them apart',
    async (stage) => {
      await stage.job()
      const t = (minute: number): number => stage.now() + minute * MINUTE
      const span = (from: number, to: number, reason: 'misfire' | 'coalesced', revision = 1) =>
        ({ job: 'report', revision, from: t(from), to: t(to), count: to - from + 1, reason }) as const
      const plan = async (until: number, given: Parameters<StoreStage['entry']>[1]): Promise<void> => {
        const entry = await stage.entry('report', { plannedUntil: t(until), ...given })
        assert.deepEqual(await stage.store.plan(stage.namespace, [entry]), ['planned'])
      }
      await plan(2, { spans: [span(1, 2, 'misfire')] })
      await plan(4, { spans: [span(3, 4, 'misfire')] })
      await plan(6, { spans: [span(5, 6, 'coalesced')] })
      await stage.job({ labels: ['changed'] })
      await plan(7, { spans: [span(7, 7, 'coalesced', 2)] })
      await plan(9, { executions: [stage.tick(t(8))], spans: [span(9, 9, 'coalesced', 2)] })
      const expected = [
        span(1, 4, 'misfire'),
        span(5, 6, 'coalesced'),
        span(7, 7, 'coalesced', 2),
        span(9, 9, 'coalesced', 2),
      ]
      assert.deepEqual(
        await stage.spans(),
        expected.map(({ revision, from, to, count, reason }) => ({ revision, from, to, count, reason })),
      )
      assert.deepEqual(
        (await stage.store.spans(stage.namespace, 'report', t(4), t(5), 10)).map(({ from }) => from),
        [t(1), t(5)],
      )
      assert.equal((await stage.store.spans(stage.namespace, 'report', t(1), t(9), 2)).length, 2)
    },
  ),

  storeCase(
    [10],
    'due jobs come soonest first, with the next tick of the others and the time of the server',
    async (stage) => {
      const at = stage.now()
      for (const [name, nextTickAt] of [
        ['third', at + 3_000],
        ['first', at + 1_000],
        ['second', at + 2_000],
        ['never', null],
      ] as const) {
        await stage.job({ name })
        await stage.store.plan(stage.namespace, [await stage.entry(name, { nextTickAt })])
      }
      await stage.instance('a', { jobs: ['first'] })
      const request = { until: at + 2_500, limit: 10, late: [], maxLateTicks: 10 }
      const due = await stage.store.dueJobs(stage.namespace, request)
      assert.deepEqual(
        due.jobs.map(({ state, hasLiveHandler }) => [state.name, hasLiveHandler]),
        [
          ['first', true],
          ['second', false],
        ],
      )
      assert.deepEqual([due.nextTickAt, due.now], [at + 3_000, at])
      const few = await stage.store.dueJobs(stage.namespace, { ...request, limit: 1 })
      assert.deepEqual([few.jobs.map(({ state }) => state.name), few.nextTickAt], [['first'], at + 2_000])
      const named = await stage.store.dueJobs(stage.namespace, {
        ...request,
        until: at,
        late: ['never', 'first', 'unknown'],
      })
      assert.deepEqual(named.jobs.map(({ state }) => state.name).toSorted(), ['first', 'never'])
    },
  ),

  storeCase([11], 'ticks that nobody saw in time are reported late, oldest first, and not claimed', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const at = stage.now()
    const ids = await stage.plan('report', [at + 1_000, at + 2_000, at + 20_000])
    await stage.pass(20_000)
    const result = await stage.claimResult('a')
    assert.deepEqual(result.lateJobs, ['report'])
    assert.deepEqual(idsOf(result.executions), [ids[2]]) // this one is punctual
    const request = { until: 0, limit: 10, late: ['report'], maxLateTicks: 10 }
    const [due] = (await stage.store.dueJobs(stage.namespace, request)).jobs
    assert.deepEqual(due?.lateTicks, [
      { executionId: ids[0], scheduledFor: at + 1_000 },
      { executionId: ids[1], scheduledFor: at + 2_000 },
    ])
    const [cut] = (await stage.store.dueJobs(stage.namespace, { ...request, maxLateTicks: 1 })).jobs
    assert.deepEqual(
      cut?.lateTicks.map(({ executionId }) => executionId),
      [ids[0]],
    )
  }),

  storeCase([13], 'a job is planned with the pauses of the queue that it is in now', async (stage) => {
    await stage.job({ queue: 'mail' })
    await stage.instance('a')
    const at = stage.now()
    const queuePauses = async () => {
      const request = { until: at, limit: 10, late: ['report'], maxLateTicks: 1 }
      return (await stage.store.dueJobs(stage.namespace, request)).jobs.map((due) => due.queuePauses)
    }
    assert.deepEqual(await queuePauses(), [[]])
    const pauses = [
      { from: at, until: at + 1_000, by: 'user:ada', note: "it's 50%" },
      { from: at + 5_000, until: null, by: null, note: null },
    ]
    await stage.store.setPauses(stage.namespace, { kind: 'queue', name: 'mail' }, [], pauses)
    assert.deepEqual(await queuePauses(), [pauses])
    assert.deepEqual((await stage.state('report')).pauses, [])
    await stage.job({ queue: 'default' })
    assert.deepEqual(await queuePauses(), [[]])
  }),

  storeCase(
    [4, 11],
    'late ticks that do not run turn into spans and free their keys; the others run with what they stand for',
    async (stage) => {
      await stage.job()
      await stage.instance('a', { leaseMs: 3_600_000 })
      const at = stage.now()
      const [first, second, third] = await stage.plan('report', [at + 1_000, at + 2_000, at + 3_000])
      assert.ok(first && second && third)
      await stage.pass(60_000)
      const missed = { count: 3, from: at + 1_000, to: at + 3_000 }
      const entry = await stage.entry('report', {
        fold: [
          { executionId: first, reason: 'coalesced' },
          { executionId: second, reason: 'coalesced' },
        ],
        keep: [{ executionId: third, missed }],
      })
      assert.deepEqual(await stage.store.plan(stage.namespace, [entry]), ['planned'])
      assert.equal(await stage.isGone(first), true)
      assert.deepEqual(await stage.spans(), [
        { revision: 1, from: at + 1_000, to: at + 2_000, count: 2, reason: 'coalesced' },
      ])
      const claimed = await stage.claimOne('a')
      assert.deepEqual([claimed.id, claimed.missed], [third, missed])
    },
  ),

  storeCase([11], 'a late tick is judged once: a second verdict on it changes nothing', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const at = stage.now()
    const [first, second] = await stage.plan('report', [at + 1_000, at + 2_000])
    assert.ok(first && second)
    await stage.pass(60_000)
    const verdict = async (
      reason: 'misfire' | 'coalesced',
      missed: null | { count: number; from: number; to: number },
    ) => stage.entry('report', { fold: [{ executionId: first, reason }], keep: [{ executionId: second, missed }] })
    const [one, two] = [
      await verdict('coalesced', { count: 2, from: at + 1_000, to: at + 2_000 }),
      await verdict('misfire', null),
    ]
    await stage.store.plan(stage.namespace, [one])
    await stage.store.plan(stage.namespace, [two])
    await stage.store.plan(stage.namespace, [{ ...two, fold: [] }])
    assert.deepEqual(
      (await stage.spans()).map(({ count, reason }) => [count, reason]),
      [[1, 'coalesced']],
    )
    assert.equal((await stage.execution(second)).missed?.count, 2)
  }),

  storeCase([5], 'backfill fills ticks that have no execution and takes them out of their spans', async (stage) => {
    await stage.job()
    await stage.instance('a', { leaseMs: 3_600_000 })
    const at = stage.now()
    const span = {
      job: 'report',
      revision: 1,
      from: at + MINUTE,
      to: at + 3 * MINUTE,
      count: 3,
      reason: 'misfire',
    } as const
    await stage.store.plan(stage.namespace, [
      await stage.entry('report', {
        spans: [span],
        executions: [stage.tick(at + 4 * MINUTE)],
        plannedUntil: at + 4 * MINUTE,
      }),
    ])
    await stage.pass(5 * MINUTE)
    const fill = (minutes: number[]) =>
      stage.store.backfill(stage.namespace, {
        job: 'report',
        executions: minutes.map((minute) => stage.tick(at + minute * MINUTE, { origin: 'backfill', isJudged: true })),
      })
    assert.equal(await fill([2, 4]), 1)
    assert.equal(
      (await stage.spans()).reduce((sum, { count }) => sum + count, 0),
      2,
    )
    assert.equal(await fill([1, 2, 3]), 2)
    assert.deepEqual(await stage.spans(), [])
    const claimed = await stage.claim('a')
    assert.deepEqual(
      claimed.map(({ scheduledFor }) => scheduledFor),
      [1, 2, 3].map((minute) => at + minute * MINUTE),
    )
  }),

  storeCase([1, 4], 'backfill runs no tick again whose settled execution was folded into a span', async (stage) => {
    await stage.job({ history: 'none' })
    await stage.instance('a')
    const at = stage.now()
    await stage.plan('report', [at + 1_000])
    await stage.pass(1_000)
    await stage.settle('a', await stage.claimOne('a'))
    const tick = stage.tick(at + 1_000, { origin: 'backfill', isJudged: true })
    assert.equal(await stage.store.backfill(stage.namespace, { job: 'report', executions: [tick] }), 0)
    assert.deepEqual(
      (await stage.spans()).map(({ count, reason }) => [count, reason]),
      [[1, 'succeeded']],
    )
  }),
]
