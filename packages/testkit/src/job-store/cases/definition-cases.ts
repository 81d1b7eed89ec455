import { strict as assert } from 'node:assert'
import { type JobStoreCase, storeCase } from '../job-store-case.ts'
import { newSpec, registered } from '../new-job.ts'
import { idsOf, LEASE_MS } from '../store-stage.ts'

/** Registration, revisions, absence, retirement, pauses. */
export const definitionCases: readonly JobStoreCase[] = [
  storeCase([5, 6], 'a change made on an old cursor is a conflict, and none lowers the cursor', async (stage) => {
    await stage.job()
    const at = stage.now()
    const cursor = at + 60_000
    await stage.store.plan(stage.namespace, [await stage.entry('report', { plannedUntil: cursor })])
    const change = (plannedUntil: number) => ({
      job: registered(newSpec({ labels: ['changed'] })),
      expected: { revision: 1, plannedUntil },
      effectiveFrom: at,
      nextTickAt: null,
    })
    assert.deepEqual(await stage.store.changeDefinitions(stage.namespace, [change(at)]), ['conflict'])
    assert.equal((await stage.state('report')).current.revision, 1)
    assert.deepEqual(await stage.store.changeDefinitions(stage.namespace, [change(cursor)]), ['applied'])
    assert.equal((await stage.state('report')).plannedUntil, cursor)
  }),

  storeCase([15], 'registering an instance again renews its lease and changes nothing else', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const startedAt = stage.now()
    await stage.pass(LEASE_MS - 1)
    const again = { id: 'a', name: 'other', version: 9, leaseMs: LEASE_MS }
    assert.deepEqual(await stage.store.registerInstance(stage.namespace, again), { now: stage.now(), isAlive: true })
    const [row] = await stage.store.instances(stage.namespace)
    assert.deepEqual(
      [row?.name, row?.version, row?.startedAt, row?.leaseUntil],
      ['a', null, startedAt, stage.now() + LEASE_MS],
    )
    await stage.pass(LEASE_MS - 1)
    assert.deepEqual(await stage.store.recover(stage.namespace, 10), [])
    assert.equal((await stage.state('report')).absentSince, null)
  }),

  storeCase([6], 'the same definition again makes no revision', async (stage) => {
    const { current } = await stage.job()
    await stage.pass(1_000)
    const state = await stage.job()
    assert.deepEqual([state.current, state.plannedUntil], [current, stage.now()])
    assert.equal((await stage.store.revisions(stage.namespace, 'report', 0, stage.now())).length, 1)
  }),

  storeCase(
    [5, 6],
    'a new job begins with its cursor at the time of its registration and keeps its whole definition',
    async (stage) => {
      const spec = newSpec({
        name: 'keys.expire',
        triggers: [{ kind: 'cron', pattern: '0 9 * * *', timezone: 'Europe/Berlin', except: [1] }],
        labels: ['ä', "o'k"],
        history: { keep: 3 },
        redact: ['**.token'],
        inputSchema: { type: 'object' },
        tickInput: '{"a":"\\u0000"}',
      })
      const job = registered(spec, 7)
      const at = stage.now()
      const change = { job, expected: null, effectiveFrom: at, nextTickAt: at + 1_000 }
      assert.deepEqual(await stage.store.changeDefinitions(stage.namespace, [change]), ['applied'])
      const current = {
        job: 'keys.expire',
        revision: 1,
        hash: job.hash,
        spec,
        version: 7,
        effectiveFrom: at,
        effectiveUntil: null,
      }
      const state = {
        name: 'keys.expire',
        current,
        plannedUntil: at,
        nextTickAt: at + 1_000,
        firstRegisteredAt: at,
        pauses: [],
        absentSince: null,
        retiredAt: null,
      }
      assert.deepEqual(await stage.store.jobStates(stage.namespace, ['keys.expire', 'unknown']), [state])
      assert.deepEqual(await stage.store.statesForRegistration(stage.namespace, ['unknown', 'keys.expire'], null), [
        { state: null, knownHashes: [], liveHashes: [] },
        { state, knownHashes: [job.hash], liveHashes: [] },
      ])
      assert.deepEqual(await stage.store.changeDefinitions(stage.namespace, [change]), ['conflict'])
    },
  ),

  storeCase([6], 'two instances that change a definition at once cannot both decide', async (stage) => {
    await stage.job()
    const { current, plannedUntil } = await stage.state('report')
    const changes = ['one', 'two'].map((label) => ({
      job: registered(newSpec({ labels: [label] })),
      expected: { revision: current.revision, plannedUntil },
      effectiveFrom: stage.now(),
      nextTickAt: null,
    }))
    const results = await Promise.all(changes.map((change) => stage.store.changeDefinitions(stage.namespace, [change])))
    assert.deepEqual(new Set(results.flat()), new Set(['applied', 'conflict']))
    const state = await stage.state('report')
    assert.equal(state.current.revision, 2)
    assert.equal(state.current.hash, changes[results[0]?.[0] === 'applied' ? 0 : 1]?.job.hash)
  }),

  storeCase(
    [6],
    'another definition ends the revision before it where it begins; all of them stay readable',
    async (stage) => {
      await stage.job()
      const first = stage.now()
      await stage.pass(10_000)
      const second = stage.now()
      const changed = await stage.job({ labels: ['changed'] })
      assert.deepEqual([changed.current.revision, changed.plannedUntil], [2, second])
      await stage.pass(10_000)
      const third = stage.now()
      await stage.job() // back to the first
      const revisions = await stage.store.revisions(stage.namespace, 'report', first, third + 1)
      assert.deepEqual(
        revisions.map(({ revision, effectiveFrom, effectiveUntil }) => [revision, effectiveFrom, effectiveUntil]),
        [
          [1, first, second],
          [2, second, third],
          [3, third, null],
        ],
      )
      const past = await stage.store.revisions(stage.namespace, 'report', first + 1, second)
      assert.deepEqual(
        past.map(({ revision }) => revision),
        [1],
      )
      const [known] = await stage.store.statesForRegistration(stage.namespace, ['report'], null)
      assert.equal(known?.knownHashes.length, 2)
    },
  ),

  storeCase([6], 'supersessions grow where a job gets another revision, and by nothing else', async (stage) => {
    const grown = async (work: () => Promise<unknown>): Promise<boolean> => {
      const before = await stage.store.supersessions(stage.namespace)
      await work()
      const after = await stage.store.supersessions(stage.namespace)
      assert.ok(after >= before)
      return after > before
    }
    assert.equal(await grown(() => stage.job()), false)
    assert.equal(await grown(() => stage.job({ name: 'other' })), false)
    assert.equal(await grown(() => stage.job()), false)
    assert.equal(await grown(() => stage.instance('a')), false)
    assert.equal(await grown(() => stage.store.removeInstance(stage.namespace, 'a')), false)
    assert.equal(await grown(() => stage.job({ labels: ['changed'] })), true)
    assert.equal(await grown(() => stage.job()), true) // back to the first
    const late = {
      job: registered(newSpec({ labels: ['late'] })),
      expected: { revision: 1, plannedUntil: stage.now() },
      effectiveFrom: stage.now(),
      nextTickAt: null,
    }
    assert.equal(await grown(() => stage.store.changeDefinitions(stage.namespace, [late])), false)
    assert.equal(await grown(() => stage.elsewhere('second').job({ labels: ['changed'] })), false)
    assert.equal(await grown(() => stage.store.saveSettings(stage.namespace, { retentionMs: 1 })), false)
  }),

  storeCase([6], 'what waits moves to the queue of the new definition', async (stage) => {
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue()
    const later = await stage.enqueue({ delayMs: 1_000 })
    await stage.job({ queue: 'moved' })
    assert.deepEqual(await stage.claim('a'), [])
    await stage.pass(1_000)
    const queues = [{ queue: 'moved', slots: 10, prefetch: 0 }]
    assert.deepEqual(idsOf(await stage.claim('a', { queues })), [id, later.id])
  }),

  storeCase(
    [6],
    'hashes of other live instances are reported, those of dead ones and of the asking one are not',
    async (stage) => {
      await stage.job()
      await stage.instance('a')
      await stage.instance('b')
      const { hash } = (await stage.state('report')).current
      const live = async (instance: string | null) =>
        (await stage.store.statesForRegistration(stage.namespace, ['report'], instance))[0]?.liveHashes
      assert.deepEqual(await live('a'), [hash])
      await stage.store.removeInstance(stage.namespace, 'b')
      assert.deepEqual(await live('a'), [])
      assert.deepEqual(await live(null), [hash])
      await stage.pass(LEASE_MS + 1)
      assert.deepEqual(await live(null), [])
    },
  ),

  storeCase(
    [7],
    'a job without live handlers can be marked absent, is not planned then, and is back when one comes',
    async (stage) => {
      await stage.job()
      await stage.store.plan(stage.namespace, [await stage.entry('report', { nextTickAt: stage.now() + 1 })])
      await stage.instance('a')
      assert.deepEqual(await stage.store.markAbsent(stage.namespace, ['report']), [])
      await stage.pass(LEASE_MS + 1)
      const absentSince = stage.now()
      assert.deepEqual(await stage.store.markAbsent(stage.namespace, ['report', 'unknown']), ['report'])
      await stage.pass(10)
      await stage.store.markAbsent(stage.namespace, ['report'])
      assert.equal((await stage.state('report')).absentSince, absentSince)
      const request = { until: stage.now(), limit: 10, late: [], maxLateTicks: 1 }
      const named = { ...request, late: ['report'] }
      assert.deepEqual((await stage.store.dueJobs(stage.namespace, request)).jobs, [])
      assert.equal((await stage.store.dueJobs(stage.namespace, named)).jobs[0]?.hasLiveHandler, false)
      await stage.instance('b')
      assert.equal((await stage.state('report')).absentSince, null)
      assert.equal((await stage.store.dueJobs(stage.namespace, request)).jobs.length, 1)
    },
  ),

  storeCase(
    [5, 7],
    'a retired job is not planned; when it is registered again its cursor has not gone back',
    async (stage) => {
      await stage.job()
      const at = stage.now()
      const nextTickAt = at + 60_000
      await stage.store.plan(stage.namespace, [await stage.entry('report', { plannedUntil: at + 50_000, nextTickAt })])
      await stage.pass(20_000)
      const retiredAt = stage.now()
      assert.equal(await stage.store.retire(stage.namespace, 'report'), true)
      assert.equal(await stage.store.retire(stage.namespace, 'report'), false)
      assert.equal(await stage.store.retire(stage.namespace, 'unknown'), false)
      const retired = await stage.state('report')
      assert.deepEqual(
        [retired.retiredAt, retired.current.effectiveUntil, retired.nextTickAt, retired.plannedUntil],
        [retiredAt, retiredAt, null, at + 50_000],
      )
      await stage.pass(100_000)
      const request = { until: stage.now(), limit: 10, late: [], maxLateTicks: 1 }
      const named = { ...request, late: ['report'] }
      assert.deepEqual((await stage.store.dueJobs(stage.namespace, request)).jobs, [])
      assert.deepEqual((await stage.store.dueJobs(stage.namespace, named)).jobs, [])
      const again = await stage.job()
      assert.deepEqual([again.retiredAt, again.plannedUntil, again.firstRegisteredAt], [null, stage.now(), at])
    },
  ),

  storeCase([7], 'jobs that have been absent for long are retired', async (stage) => {
    await stage.job()
    await stage.job({ name: 'present' })
    await stage.store.markAbsent(stage.namespace, ['report'])
    await stage.pass(1_000)
    assert.deepEqual(await stage.store.retireAbsent(stage.namespace, stage.now() - 1_000), [])
    assert.deepEqual(await stage.store.retireAbsent(stage.namespace, stage.now()), ['report'])
    assert.deepEqual(await stage.store.retireAbsent(stage.namespace, stage.now()), [])
    assert.equal((await stage.state('report')).retiredAt, stage.now())
  }),

  storeCase([13], 'pauses are replaced only while they are as expected', async (stage) => {
    await stage.job()
    const job = { kind: 'job', name: 'report' } as const
    const pause = { from: stage.now(), until: null, by: 'user:ada', note: "it's 50% \\ broken" }
    const results = await Promise.all(
      [pause, { ...pause, note: 'mine' }].map((one) => stage.store.setPauses(stage.namespace, job, [], [one])),
    )
    assert.deepEqual(results.filter(Boolean).length, 1)
    const [stored] = (await stage.state('report')).pauses
    assert.ok(stored)
    assert.equal(await stage.store.setPauses(stage.namespace, job, [{ ...stored, note: 'other' }], []), false)
    assert.equal(await stage.store.setPauses(stage.namespace, job, [stored], [pause]), true)
    assert.deepEqual((await stage.state('report')).pauses, [pause])
  }),

  storeCase([20], 'queues keep the limits that they were registered with; others are left alone', async (stage) => {
    const { store, namespace } = stage
    await store.registerQueues(namespace, [
      { name: 'mail', clusterLimit: 5 },
      { name: 'slow', clusterLimit: 1 },
    ])
    await store.registerQueues(namespace, [{ name: 'slow', clusterLimit: null }])
    const queues = (await store.queueStates(namespace)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    assert.deepEqual(
      queues.map(({ name, clusterLimit }) => [name, clusterLimit]),
      [
        ['mail', 5],
        ['slow', null],
      ],
    )
  }),

  storeCase([20], 'who registers a queue without a word on its limit leaves the limit as it is', async (stage) => {
    const { store, namespace } = stage
    const limits = async () =>
      new Map((await store.queueStates(namespace)).map(({ name, clusterLimit }) => [name, clusterLimit]))
    await store.registerQueues(namespace, [{ name: 'mail', clusterLimit: 'keep' }])
    assert.equal((await limits()).get('mail'), null)
    await store.registerQueues(namespace, [{ name: 'mail', clusterLimit: 5 }])
    await store.registerQueues(namespace, [{ name: 'mail', clusterLimit: 'keep' }])
    assert.equal((await limits()).get('mail'), 5)
    await store.registerQueues(namespace, [{ name: 'mail', clusterLimit: null }])
    assert.equal((await limits()).get('mail'), null)
  }),

  storeCase([26], 'namespaces know nothing of each other', async (stage) => {
    const second = stage.elsewhere('second')
    await stage.job()
    await stage.instance('a')
    const { id } = await stage.enqueue()
    assert.deepEqual(await second.store.jobStates('second', ['report']), [])
    assert.equal(await second.store.execution('second', id), null)
    assert.equal(await second.store.cancel('second', id, null), 'unknown')
    assert.deepEqual(await second.store.instances('second'), [])
    assert.deepEqual(await second.store.backlog('second'), [])
    await second.job({ labels: ['second'] })
    await second.instance('a')
    assert.deepEqual(await second.claim('a'), [])
    assert.equal((await stage.state('report')).current.revision, 1)
    await second.store.saveSettings('second', { retentionMs: 1 })
    assert.equal(await stage.store.settings(stage.namespace), null)
    assert.equal((await stage.claim('a')).length, 1)
  }),
]
