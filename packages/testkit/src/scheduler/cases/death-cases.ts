import { type AnyJob, defineJob } from '@escapement/core'
import { strict as assert } from 'node:assert'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

/** A job that never ends by itself. */
const endless = (name: string, started: () => void, options: { onInterrupt?: 'fail' } = {}): AnyJob =>
  defineJob({
    name,
    ...options,
    run: async () => {
      started()
      await new Promise(() => undefined)
    },
  })

/** What becomes of the work of an instance that dies, stops or is stopped. */
export const deathCases: readonly SchedulerCase[] = [
  schedulerCase(
    [14],
    "a killed instance's work runs elsewhere within its lease and 5 s, and only after its lease",
    async (cluster) => {
      const starts: [machine: string, at: number, attempt: number][] = []
      const job = (machine: string): AnyJob =>
        defineJob({
          name: 'long',
          run: async ({ attempt }) => {
            starts.push([machine, cluster.elapsed, attempt])
            await cluster.runtime.sleep(60 * SECOND)
          },
        })
      const first = await cluster.start({ jobs: [job('first')], lease: '6s' })
      const { id } = await cluster.run(first.scheduler.enqueue('long'))
      await cluster.turn()
      const second = await cluster.start({ jobs: [job('second')], lease: '6s' })
      await cluster.reach(5 * SECOND)
      first.machine.kill() // its last heartbeat was at 4 s
      await cluster.reach(16 * SECOND)
      const [, again] = starts
      assert.deepEqual([starts.length, again?.[0], again?.[2]], [2, 'second', 2])
      const at = again?.[1] ?? 0
      assert.ok(at >= 10 * SECOND && at <= 15 * SECOND, `it ran again at ${at} ms`)
      const found = await second.scheduler.execution(id)
      assert.deepEqual([found?.execution.retries, found?.execution.interruptions], [0, 1])
      assert.deepEqual(
        found?.attempts.map(({ outcome }) => outcome),
        ['interrupted', null],
      )
      assert.ok(second.events.some(({ type }) => type === 'execution:recovered'))
    },
  ),

  schedulerCase([14], 'what kills its process three times has failed as crashed', async (cluster) => {
    let starts = 0
    let kill = (): void => undefined
    const bomb = endless('bomb', () => {
      starts++
      kill()
    })
    const { scheduler } = await cluster.start({ jobs: [defineJob({ name: 'other', run: () => undefined })] })
    const { id } = await cluster.run(cluster.add({ jobs: [bomb] }).scheduler.enqueue(bomb))
    for (let round = 0; round < 4; round++) {
      const { machine } = await cluster.start({ jobs: [bomb], lease: '5s' })
      kill = () => machine.kill()
      await cluster.runtime.advance('6500ms')
      machine.kill()
    }
    assert.equal(starts, 3)
    const found = await scheduler.execution(id)
    const { status, reason, interruptions, retries } = found?.execution ?? {}
    assert.deepEqual([status, reason, interruptions, retries], ['failed', 'crashed', 3, 0])
    assert.deepEqual(
      found?.attempts.map(({ outcome }) => outcome),
      Array(3).fill('interrupted'),
    )
  }),

  schedulerCase([14], 'onInterrupt fail makes a job at most once', async (cluster) => {
    let starts = 0
    const once = endless('once', () => void starts++, { onInterrupt: 'fail' })
    const first = await cluster.start({ jobs: [once], lease: '5s' })
    const { id } = await cluster.run(first.scheduler.enqueue(once))
    await cluster.turn()
    const second = await cluster.start({ jobs: [once], lease: '5s' })
    first.machine.kill()
    await cluster.reach(11 * SECOND)
    assert.equal(starts, 1)
    const { status, reason } = (await second.scheduler.execution(id))?.execution ?? {}
    assert.deepEqual([status, reason], ['failed', 'interrupted'])
  }),

  schedulerCase([14], 'limit 3 means three retries, four attempts, each recorded', async (cluster) => {
    const at: number[] = []
    const flaky = defineJob({
      name: 'flaky',
      retry: { limit: 3, backoff: { kind: 'exponential', baseMs: SECOND, factor: 2, maxMs: 60_000, jitter: 'none' } },
      run: ({ attempt }) => {
        at.push(cluster.elapsed)
        throw new Error(`no ${attempt}`)
      },
    })
    const { scheduler } = await cluster.start({ jobs: [flaky] })
    const { id } = await cluster.run(scheduler.enqueue(flaky))
    const { status, reason, attempt, retries } = await cluster.run(scheduler.wait(id))
    assert.deepEqual([status, reason, attempt, retries], ['failed', 'exhausted', 4, 3])
    assert.deepEqual(
      at.map((each, index) => each - (at[index - 1] ?? each)),
      [0, 1_000, 2_000, 4_000],
    )
    const found = await scheduler.execution(id)
    assert.deepEqual(
      found?.attempts.map(({ outcome, error }) => [outcome, error?.message]),
      [1, 2, 3, 4].map((number) => ['failed', `no ${number}`]),
    )
  }),

  schedulerCase([15], 'heartbeats keep the lease of what runs for longer than it', async (cluster) => {
    let starts = 0
    const job = defineJob({
      name: 'long',
      run: async ({ signal }) => {
        starts++
        await cluster.runtime.sleep(8 * SECOND, signal)
        return 'done'
      },
    })
    const { scheduler } = await cluster.start({ jobs: [job], lease: '5s' })
    await cluster.start({ jobs: [job], lease: '5s' })
    const { id } = await cluster.run(scheduler.enqueue(job))
    const { status, interruptions } = await cluster.run(scheduler.wait(id))
    assert.deepEqual([starts, status, interruptions], [1, 'succeeded', 0])
  }),

  schedulerCase(
    [15, 16],
    'an instance that was stopped past its lease sees it at once; its late result is refused, and it goes on anew',
    async (cluster) => {
      const results: [machine: string, remainingMs: number, isAborted: boolean][] = []
      const fences: bigint[] = []
      const job = (name: string, sleep: (ms: number) => Promise<void>): AnyJob =>
        defineJob({
          name: 'long',
          run: async ({ remainingMs, signal, fence }) => {
            fences.push(fence)
            await sleep(4 * SECOND)
            results.push([name, Math.sign(remainingMs()), signal.aborted])
            return name
          },
        })
      const first = cluster.add({ jobs: [job('first', (ms) => first.machine.runtime.sleep(ms))], lease: '5s' })
      await cluster.run(first.scheduler.start())
      const before = (await first.scheduler.health()).instance
      const { id } = await cluster.run(first.scheduler.enqueue('long'))
      await cluster.turn()
      const second = await cluster.start({ jobs: [job('second', (ms) => cluster.runtime.sleep(ms))], lease: '5s' })
      await cluster.reach(SECOND)
      first.machine.suspend()
      await cluster.reach(16 * SECOND)
      first.machine.resume()
      await cluster.reach(20 * SECOND)
      assert.deepEqual(results, [
        ['second', 1, false],
        ['first', 0, true],
      ])
      const { status, output } = (await second.scheduler.execution(id))?.execution ?? {}
      assert.deepEqual([status, output], ['succeeded', '"second"'])
      const lost = first.events.filter(({ type }) => type === 'execution:lost')
      assert.deepEqual(
        lost.map((event) => event['wasResultRefused']),
        [false, true],
      )
      assert.ok((fences[1] ?? 0n) > (fences[0] ?? 0n), 'the fence grew')
      const after = (await first.scheduler.health()).instance
      const alive = (await second.scheduler.instances()).filter(({ isAlive }) => isAlive)
      assert.ok(before !== after && alive.some(({ id: instance }) => instance === after), 'it goes on under a new id')
    },
  ),

  schedulerCase([16], 'the fence of an exclusive job grows with every start, retries included', async (cluster) => {
    const fences: bigint[] = []
    const keys = new Set<string>()
    const exclusive = defineJob({
      name: 'exclusive',
      retry: { limit: 1, backoff: { kind: 'fixed', delayMs: 10, jitter: 'none' } },
      run: ({ fence, fenceKey, attempt }) => {
        fences.push(fence)
        keys.add(fenceKey)
        if (attempt < 2) throw new Error('again')
      },
    })
    const shared = defineJob({ name: 'shared', overlap: 'allow', run: ({ fenceKey }) => fenceKey })
    const { scheduler } = await cluster.start({ jobs: [exclusive, shared] })
    for (let round = 0; round < 3; round++) {
      const { id } = await cluster.run(scheduler.enqueue(exclusive))
      await cluster.run(scheduler.wait(id))
    }
    assert.equal(fences.length, 6)
    assert.deepEqual(
      fences,
      [...new Set(fences)].toSorted((a, b) => (a < b ? -1 : 1)),
    )
    assert.deepEqual([...keys], ['job:exclusive'])
    const { id } = await cluster.run(scheduler.enqueue(shared))
    assert.equal((await cluster.run(scheduler.wait(id))).output, `"execution:${id}"`)
  }),
]
