import { checkNames, durationMs, Emitter, InvalidOptionError, TimerQueue } from '@escapement/base'
import { WaitTimeoutError } from '../error/wait-timeout-error.ts'
import type { AnyJob } from '../job/job.ts'
import { readTicks } from '../ledger/ticks.ts'
import { RETENTION_JOB, retentionJob } from '../upkeep/retention-job.ts'
import { instantMs } from '../trigger/instant.ts'
import { backfill } from './backfill.ts'
import { checkCount } from '../context/check-count.ts'
import { checkFlag, jobNameOf } from './check-arguments.ts'
import { Controls } from './controls.ts'
import { Engine } from './engine.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { byText, Enqueuer } from './enqueuer.ts'
import { healthOf } from './health-of.ts'
import { localJobs } from './local-jobs.ts'
import { Reader } from './reader.ts'
import { Registrar } from '../instance/registrar.ts'
import type { EnqueueOptions, Scheduler } from './scheduler.ts'
import type { SchedulerEvents } from '../context/scheduler-events.ts'
import { resolveSchedulerOptions, type SchedulerOptions } from '../context/scheduler-options.ts'
import { guardedLogger } from '../context/guarded-logger.ts'
import { ServerClock } from '../context/server-clock.ts'
import { callStore } from '../context/store-caller.ts'
import { scoping } from './scoped.ts'
import { describeFailure, TroubleLog } from './trouble-log.ts'
import { waitForExecution } from './waiter.ts'

const PATIENCE_MS = 10_000
const MOST_TICKS_READ = 10_000

/**
 * Makes a scheduler. Nothing runs before `start()`; enqueuing and reading work at once.
 *
 * @throws {@link InvalidOptionError}, {@link DuplicateJobError} naming what is wrong.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const resolved = resolveSchedulerOptions(options)
  const { runtime, logger, store, namespace } = resolved
  const troubles = new TroubleLog(runtime)
  const log = guardedLogger(logger)
  const events = new Emitter<SchedulerEvents>((error, type) =>
    log.error(`a listener of ${type} failed`, describeFailure(error)),
  )
  const context: EngineContext = {
    options: resolved,
    runtime,
    timers: new TimerQueue(runtime),
    store,
    namespace,
    clock: new ServerClock(runtime),
    events,
    logger: log,
    jobs: localJobs(resolved, [retentionJob(() => context)]),
    report: (error, during) => {
      troubles.add(error, during)
      log.warn(`${during} failed`, describeFailure(error))
      events.emit('scheduler:error', { error, during })
    },
  }
  const registrar = new Registrar(context)
  const enqueuer = new Enqueuer(context, registrar)
  const controls = new Controls(context)
  const reader = new Reader(context)
  const engine = new Engine(context, registrar, {
    cancel: async (id, by) => void (await controls.cancel(id, by === null ? {} : { by })),
    retry: async (id, by) => void (await controls.retry(id, by === null ? {} : { by })),
    pause: async (job, by) => await controls.pause('job', job, by === null ? {} : { by }),
  })

  let opening: Promise<void> | undefined
  const opened = async (): Promise<void> => {
    opening ??= callStore(runtime, () => store.open(), { forMs: PATIENCE_MS }).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    await opening
  }
  const whenOpen = async <T>(work: () => Promise<T>): Promise<T> => {
    await opened()
    return await work()
  }
  const scoped = scoping(resolved.isLockOnly)
  const stop = async (graceMs: number): Promise<void> => await engine.stop(graceMs)

  return {
    runtime,
    start: () => engine.start(),
    drain: async (drainOptions = {}) => {
      const timeoutMs = durationMs(drainOptions.timeout ?? '5m', 'timeout')
      if (await whenOpen(() => engine.drain(timeoutMs))) return
      throw new WaitTimeoutError(`work was still due or running after ${timeoutMs} ms; it goes on`)
    },
    stop: async (stopOptions = {}) => {
      checkNames('stop', stopOptions, { grace: true })
      await stop(durationMs(stopOptions.grace ?? '30s', 'grace'))
    },
    [Symbol.asyncDispose]: () => stop(30_000),
    enqueue: async (job, input, enqueueOptions = {}) => {
      const [result] = await whenOpen(() => enqueuer.enqueue(job as AnyJob | string, [input], enqueueOptions))
      if (result === undefined) throw new Error('the store answered an enqueue with nothing')
      engine.dispatcher.wake()
      return result
    },
    enqueueMany: async (job, inputs, enqueueOptions = {}) => {
      if (!Array.isArray(inputs)) throw new InvalidOptionError('enqueueMany: inputs is not an array; pass one per run')
      if ((enqueueOptions as EnqueueOptions | null)?.key !== undefined) {
        throw new InvalidOptionError('enqueueMany is given a key, which is of one execution; use enqueue for each')
      }
      const results = await whenOpen(() => enqueuer.enqueue(job as AnyJob | string, inputs, enqueueOptions))
      engine.dispatcher.wake()
      return results
    },
    pause: async (job, pauseOptions = {}) => {
      await whenOpen(() => controls.pause('job', jobNameOf(job), pauseOptions))
      await engine.dispatcher.returnReady({ ticksOf: jobNameOf(job) })
    },
    resume: async (job, byOptions = {}) => {
      await whenOpen(() => controls.resume('job', jobNameOf(job), byOptions))
      engine.planner.wake()
      engine.dispatcher.wake()
    },
    pauseQueue: async (queue, pauseOptions = {}) => {
      await whenOpen(() => controls.pause('queue', queue, pauseOptions))
      await engine.dispatcher.returnReady({ queue })
    },
    resumeQueue: async (queue, byOptions = {}) => {
      await whenOpen(() => controls.resume('queue', queue, byOptions))
      engine.dispatcher.wake()
    },
    cancel: async (executionId, byOptions = {}) => {
      const result = await whenOpen(() => controls.cancel(executionId, byOptions))
      if (result === 'requested') engine.executor.cancel(executionId, byText(byOptions.by))
      return result
    },
    retry: async (executionId, byOptions = {}) => {
      const result = await whenOpen(() => controls.retry(executionId, byOptions))
      engine.dispatcher.wake()
      return result
    },
    wait: (executionId, waitOptions = {}) =>
      whenOpen(() => {
        checkNames('wait', waitOptions, { timeout: true, signal: true })
        return waitForExecution(context, reader, executionId, waitOptions)
      }),
    jobs: (filter = {}, page = {}) => whenOpen(async () => scoped(await reader.jobs(filter, page))),
    queues: () =>
      whenOpen(async () => (await reader.queues((queue) => engine.executor.concurrencyOf(queue))).map(scoped)),
    instances: () => whenOpen(async () => (await store.instances(namespace)).map(scoped)),
    executions: (filter = {}, page = {}) => whenOpen(async () => scoped(await reader.executions(filter, page))),
    countExecutions: (filter = {}, cap = 10_000) => whenOpen(() => reader.countExecutions(filter, cap)),
    execution: (executionId) =>
      whenOpen(async () => {
        const found = await reader.execution(executionId)
        return found === null ? null : scoped(found)
      }),
    stats: (query) => whenOpen(async () => scoped(await reader.stats(query))),
    ticks: (job, range) =>
      whenOpen(async () => {
        checkNames('ticks', range, { from: true, to: true, limit: true })
        const { limit = 1_000 } = range
        checkCount('limit', limit, MOST_TICKS_READ)
        const [state, settings, now] = await Promise.all([
          controls.state(jobNameOf(job)),
          store.settings(namespace),
          store.now(),
        ])
        const { retentionMs } = settings ?? resolved
        const ticks = await readTicks({
          store,
          namespace,
          state,
          from: instantMs(range.from, 'from'),
          to: instantMs(range.to, 'to'),
          limit,
          now,
          retentionMs,
        })
        return ticks.map(scoped)
      }),
    backfill: (job, range) =>
      whenOpen(async () => {
        checkNames('backfill', range, { from: true, to: true, force: true, by: true })
        checkFlag('force', range.force)
        const state = await controls.state(jobNameOf(job))
        const created = await backfill(context, state, {
          from: instantMs(range.from, 'from'),
          to: instantMs(range.to, 'to'),
          isForced: range.force ?? false,
          by: byText(range.by),
        })
        engine.dispatcher.wake()
        return created
      }),
    retire: async (job, byOptions = {}) => {
      await whenOpen(() => controls.retire(jobNameOf(job), byOptions))
      await engine.dispatcher.returnReady({ ticksOf: jobNameOf(job) })
    },
    bulk: async (kind, filter, byOptions = {}) => {
      const action = await whenOpen(() => controls.bulk(kind, filter, byOptions))
      engine.upkeep.wake()
      return action
    },
    bulkAction: (id) => whenOpen(() => controls.bulkAction(id)),
    abortBulk: (id) => whenOpen(() => controls.abortBulk(id)),
    settings: () => whenOpen(async () => (await store.settings(namespace)) ?? { retentionMs: resolved.retentionMs }),
    setRetention: async (retention) => {
      await whenOpen(() => controls.setRetention(retention))
      await enqueuer.enqueue(RETENTION_JOB, [undefined], {})
      engine.dispatcher.wake()
    },
    poke: async () => {
      engine.planner.wake()
      engine.dispatcher.wake()
      await Promise.resolve()
    },
    health: async () => scoped(await healthOf(context, engine, registrar, troubles)),
    on: (type, listener) => events.on(type, listener),
  }
}
