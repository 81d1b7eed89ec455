import { InvalidOptionError, type Logger } from '@escapement/base'
import type { AnyJob } from '../job/job.ts'
import type { JobStore } from '../store/job-store.ts'

/** Every method that a store must have, so that a store that lacks one is refused before it is needed. */
const STORE_METHODS: { readonly [Method in Exclude<keyof JobStore, 'capabilities' | 'findings' | symbol>]: true } = {
  open: true,
  close: true,
  now: true,
  subscribe: true,
  registerInstance: true,
  registerQueues: true,
  statesForRegistration: true,
  changeDefinitions: true,
  supersessions: true,
  announceHandlers: true,
  markAbsent: true,
  retire: true,
  setPauses: true,
  jobStates: true,
  queueStates: true,
  revisions: true,
  dueJobs: true,
  plan: true,
  backfill: true,
  claim: true,
  markStarted: true,
  handBack: true,
  heartbeat: true,
  settle: true,
  reportProgress: true,
  enqueue: true,
  cancel: true,
  retry: true,
  executions: true,
  countExecutions: true,
  execution: true,
  jobs: true,
  instances: true,
  spans: true,
  tickExecutions: true,
  stats: true,
  backlog: true,
  stranded: true,
  recover: true,
  removeInstance: true,
  purge: true,
  foldStats: true,
  retireAbsent: true,
  settings: true,
  saveSettings: true,
  createBulkAction: true,
  bulkAction: true,
  openBulkActions: true,
  saveBulkAction: true,
}

/** @throws {@link InvalidOptionError} naming the first entry that `defineJob` did not return. */
export function checkJobs(jobs: unknown): asserts jobs is readonly AnyJob[] {
  if (!Array.isArray(jobs)) throw new InvalidOptionError('jobs is not an array; pass what defineJob returns')
  for (const [index, job] of jobs.entries()) {
    if (isJob(job)) continue
    throw new InvalidOptionError(`jobs[${index}] is not what defineJob returns; pass defineJob({ name, run })`)
  }
}

function isJob(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { name, triggers, settings, run } = value as Partial<AnyJob>
  return typeof name === 'string' && Array.isArray(triggers) && typeof settings === 'object' && run !== undefined
}

/** @throws {@link InvalidOptionError} naming what the store lacks. */
export function checkStore(store: unknown): asserts store is JobStore {
  const capabilities = (store as Partial<JobStore> | null)?.capabilities as unknown
  const lacking =
    typeof capabilities === 'object' && capabilities !== null
      ? missingMethod(store, Object.keys(STORE_METHODS))
      : 'capabilities'
  if (lacking === undefined) return
  throw new InvalidOptionError(
    `store is no job store: it has no ${lacking}; pass what sqliteStore, dbStore or memoryStore returns`,
  )
}

/** @throws {@link InvalidOptionError} naming the function that the logger lacks. */
export function checkLogger(logger: unknown): asserts logger is Logger {
  const lacking = missingMethod(logger, ['debug', 'info', 'warn', 'error'])
  if (lacking === undefined) return
  throw new InvalidOptionError(
    `logger has no function ${lacking}; pass console, or an object with debug, info, warn and error`,
  )
}

function missingMethod(value: unknown, methods: readonly string[]): string | undefined {
  const object = (value ?? {}) as Record<string, unknown>
  return methods.find((method) => typeof object[method] !== 'function')
}
