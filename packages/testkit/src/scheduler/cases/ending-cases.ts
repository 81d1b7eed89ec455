import { type AnyJob, defineJob, type JobOptions } from '@escapement/core'
import { strict as assert } from 'node:assert'
import type { VirtualCluster } from '../../machine/virtual-cluster.ts'
import { type SchedulerCase, schedulerCase } from '../scheduler-case.ts'

const SECOND = 1_000

/** A handler that ignores its signal for so long. */
const deaf = (cluster: VirtualCluster, ms: number, options: Partial<JobOptions<undefined, unknown>> = {}): AnyJob =>
  defineJob({ name: 'deaf', timeout: '2s', grace: '1s', ...options, run: () => cluster.runtime.sleep(ms) })

/** Attempts that are ended: by their time, by somebody, by a stop. */
export const endingCases: readonly SchedulerCase[] = [
  schedulerCase(
    [17],
    'a timeout aborts the signal and spends a retry; the last one is the verdict',
    async (cluster) => {
      let aborts = 0
      const job = defineJob({
        name: 'slow',
        timeout: '2s',
        retry: { limit: 1, backoff: { kind: 'fixed', delayMs: SECOND, jitter: 'none' } },
        run: async ({ signal }) => {
          signal.addEventListener('abort', () => aborts++)
          await cluster.runtime.sleep(60 * SECOND, signal)
        },
      })
      const { scheduler } = await cluster.start({ jobs: [job] })
      const { id } = await cluster.run(scheduler.enqueue(job))
      const { status, reason, attempt, retries } = await cluster.run(scheduler.wait(id))
      assert.deepEqual([status, reason, attempt, retries, aborts], ['timed_out', 'exhausted', 2, 1, 2])
      assert.deepEqual(
        (await scheduler.execution(id))?.attempts.map(({ outcome }) => outcome),
        ['timed_out', 'timed_out'],
      )
    },
  ),

  schedulerCase(
    [17],
    'an abandoned attempt is timed out and frees its slot at once; its execution stays open',
    async (cluster) => {
      const started: string[] = []
      const job = deaf(cluster, 8 * SECOND, { queue: 'narrow' })
      const other = defineJob({ name: 'other', queue: 'narrow', run: () => void started.push('other') })
      const queues = { narrow: { concurrency: 1, limit: 1 } }
      const { scheduler } = await cluster.start({ jobs: [job, other], queues })
      const { id } = await cluster.run(scheduler.enqueue(job, undefined, { priority: 1 }))
      const second = await cluster.run(scheduler.enqueue(job))
      await cluster.run(scheduler.enqueue(other))
      await cluster.reach(2 * SECOND)
      assert.deepEqual(started, [])
      await cluster.reach(5 * SECOND)
      assert.deepEqual(started, ['other'])
      const found = await scheduler.execution(id)
      assert.deepEqual([found?.execution.status, found?.attempts[0]?.outcome], ['running', 'timed_out'])
      assert.notEqual(found?.execution.abandonedAt, null)
      assert.equal((await scheduler.execution(second.id))?.execution.waitingFor, 'overlap')
      await cluster.reach(9.5 * SECOND)
      assert.equal((await scheduler.execution(id))?.execution.status, 'timed_out')
      assert.equal((await scheduler.execution(second.id))?.execution.status, 'running')
    },
  ),

  schedulerCase([17], 'an abandoned execution ends with abandonAfter, or with its process', async (cluster) => {
    const patient = deaf(cluster, 600 * SECOND, { name: 'patient' })
    const hasty = deaf(cluster, 600 * SECOND, { name: 'hasty', abandonAfter: '3s' })
    const first = await cluster.start({ jobs: [patient, hasty], lease: '5s' })
    const { scheduler } = await cluster.start({ jobs: [], lease: '5s' })
    const ids: string[] = []
    for (const job of [patient, hasty]) ids.push((await cluster.run(first.scheduler.enqueue(job))).id)
    const seen = async (): Promise<unknown[]> => {
      const found = await Promise.all(ids.map((id) => scheduler.execution(id)))
      return found.map((each) => [each?.execution.status, each?.execution.reason])
    }
    await cluster.reach(8 * SECOND)
    assert.deepEqual(await seen(), [
      ['running', null],
      ['timed_out', 'abandoned'],
    ])
    first.machine.kill()
    await cluster.reach(19 * SECOND)
    assert.deepEqual(await seen(), [
      ['timed_out', 'abandoned'],
      ['timed_out', 'abandoned'],
    ])
  }),

  schedulerCase([18], 'what has not been claimed is cancelled at once and never runs', async (cluster) => {
    let runs = 0
    const job = defineJob({ name: 'later', run: () => void runs++ })
    const { scheduler } = await cluster.start({ jobs: [job] })
    const { id } = await cluster.run(scheduler.enqueue(job, undefined, { delay: '2s' }))
    assert.equal(await scheduler.cancel(id, { by: 'user:ada' }), 'cancelled')
    assert.equal(await scheduler.cancel(id), 'already-ended')
    await cluster.reach(3 * SECOND)
    const { status, cancelRequestedBy } = (await scheduler.execution(id))?.execution ?? {}
    assert.deepEqual([runs, status, cancelRequestedBy], [0, 'cancelled', 'user:ada'])
  }),

  schedulerCase(
    [18],
    'the owner elsewhere learns of a request with its next heartbeat; what returns all the same has succeeded',
    async (cluster) => {
      const heard: number[] = []
      const job = (name: string, isDeaf: boolean): AnyJob =>
        defineJob({
          name,
          run: async ({ signal }) => {
            signal.addEventListener('abort', () => heard.push(cluster.elapsed))
            await cluster.runtime.sleep(9 * SECOND, isDeaf ? undefined : signal)
          },
        })
      const jobs = [job('hearing', false), job('deaf', true)]
      const owner = await cluster.start({ jobs, lease: '6s' })
      const ids: string[] = []
      for (const each of jobs) ids.push((await cluster.run(owner.scheduler.enqueue(each))).id)
      await cluster.turn()
      const other = cluster.add({ jobs })
      for (const id of ids) assert.equal(await other.scheduler.cancel(id, { by: 'user:ada' }), 'requested')
      await cluster.reach(3 * SECOND)
      assert.equal(heard.length, 2)
      await cluster.reach(10 * SECOND)
      const ended = await Promise.all(ids.map((id) => other.scheduler.execution(id)))
      assert.deepEqual(
        ended.map((found) => [found?.execution.status, found?.execution.cancelRequestedBy]),
        [
          ['cancelled', 'user:ada'],
          ['succeeded', 'user:ada'],
        ],
      )
    },
  ),

  schedulerCase([18], "a dead owner's execution is cancelled by recovery", async (cluster) => {
    let starts = 0
    const job = defineJob({
      name: 'long',
      run: async () => {
        starts++
        await cluster.runtime.sleep(600 * SECOND)
      },
    })
    const owner = await cluster.start({ jobs: [job], lease: '5s' })
    const { id } = await cluster.run(owner.scheduler.enqueue(job))
    await cluster.turn()
    const { scheduler } = await cluster.start({ jobs: [job], lease: '5s' })
    owner.machine.kill()
    assert.equal(await scheduler.cancel(id), 'requested')
    await cluster.reach(11 * SECOND)
    assert.deepEqual([(await scheduler.execution(id))?.execution.status, starts], ['cancelled', 1])
  }),

  schedulerCase(
    [18],
    'stop hands back without spending a retry what ends after its abort, and it runs elsewhere',
    async (cluster) => {
      const story: string[] = []
      const job = (name: string): AnyJob =>
        defineJob({
          name: 'long',
          run: async ({ signal, attempt }) => {
            story.push(`${name} ${attempt}`)
            await cluster.runtime.sleep(5 * SECOND, signal)
            return name
          },
        })
      const first = await cluster.start({ jobs: [job('first')] })
      const { id } = await cluster.run(first.scheduler.enqueue('long'))
      await cluster.turn()
      const second = await cluster.start({ jobs: [job('second')] })
      await cluster.run(first.scheduler.stop({ grace: '1s' }))
      const { status, output, retries, interruptions } = await cluster.run(second.scheduler.wait(id))
      assert.deepEqual(story, ['first 1', 'second 2'])
      assert.deepEqual([status, output, retries, interruptions], ['succeeded', '"second"', 0, 0])
      assert.ok(cluster.elapsed < 9 * SECOND, `it took ${cluster.elapsed} ms`)
    },
  ),
]
