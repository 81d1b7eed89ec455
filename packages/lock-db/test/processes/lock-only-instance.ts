/**
 * Runs a scheduler without a store on the locks of a database until it is killed. Writes `started` to its output, then
 * JSON lines about the runs of handlers.
 */
import { writeSync } from 'node:fs'
import { systemRuntime } from '@escapement/base'
import { createScheduler, defineJob, every, type RunContext } from '@escapement/core'
import { dbMutex } from '@escapement/lock-db'
import { silentLogger } from '@escapement/testkit/contest'
import { openContended } from './contended-database.ts'

/** A run. Instants in milliseconds: nominal ones Unix, `from` and `to` of the machine's monotonic clock. */
export interface LockOnlyRun {
  readonly job: string
  readonly scheduledFor: number
  readonly attempt: number
  readonly fence: string
  readonly from: number
  /** Until when it relied on its leases; null: it has just begun. */
  readonly to: number | null
}

const [, , place = ''] = process.argv
const database = openContended(place)
const mutex = dbMutex(database.locks, { logger: silentLogger })
// A scheduler takes a job for five seconds at least: too long to wait for who is killed or stopped.
const tryAcquire = mutex.tryAcquire.bind(mutex)
mutex.tryAcquire = (key, options) => tryAcquire(key, { ...options, ttl: '1s' })
const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** A handler that takes `ms`. */
function noted(ms: number): (context: RunContext) => Promise<void> {
  return async ({ job, scheduledFor, attempt, fence, signal, remainingMs }) => {
    const run = { job, scheduledFor, attempt, fence: String(fence), from: now() }
    say({ ...run, to: null })
    await systemRuntime.sleep(ms, signal)
    const to = now() // before the lease is asked: the process may be stopped in between
    if (remainingMs() > 0) say({ ...run, to })
  }
}

function say(run: LockOnlyRun): void {
  writeSync(1, `${JSON.stringify(run)}\n`)
}

const jobs = [
  defineJob({
    name: 'free',
    trigger: every('100ms'),
    overlap: 'allow',
    misfire: 'skip',
    history: 'none',
    run: noted(1),
  }),
  defineJob({ name: 'alone', trigger: every('100ms'), misfire: 'skip', history: 'none', run: noted(130) }),
]
await createScheduler({ jobs, mutex, lease: '5s', logger: silentLogger }).start()
writeSync(1, 'started\n')
