import { systemRuntime } from '@escapement/base'
import type { ClaimedExecution, DefinitionStore, JobSpec, NewExecution, Settlement } from '@escapement/core'

/** A job that nothing schedules, for tests. */
export const spec: JobSpec = {
  name: 'job',
  triggers: [],
  queue: 'default',
  priority: 0,
  labels: [],
  overlap: 'allow',
  misfire: { policy: 'skip', withinMs: 0, max: 1 },
  retry: { limit: 0, backoff: { kind: 'fixed', delayMs: 0, jitter: 'none' }, until: 'exhausted' },
  timeoutMs: null,
  graceMs: 1_000,
  startWithinMs: null,
  onInterrupt: 'retry',
  abandonAfterMs: 60_000,
  history: 'all',
  concurrencyLimit: null,
  tickConcurrencyKey: null,
  tickInput: null,
  inputSchema: null,
  redact: [],
  isSystem: false,
}

/** Registers jobs and an instance with handlers for them. */
export async function register(
  store: DefinitionStore,
  namespace: string,
  instance: string,
  jobs: readonly Partial<JobSpec>[] = [{}],
): Promise<void> {
  const changes = jobs.map((given) => ({
    job: { spec: { ...spec, ...given }, hash: given.name ?? spec.name, version: null, hasHandler: true },
    expected: null,
    effectiveFrom: 0,
    nextTickAt: null,
  }))
  await store.changeDefinitions(namespace, changes)
  await store.registerInstance(namespace, { id: instance, name: instance, version: null, leaseMs: 60_000 })
  await store.announceHandlers(
    namespace,
    instance,
    changes.map(({ job }) => ({ job: job.spec.name, hash: job.hash })),
  )
}

/** An enqueued run. */
export function run(given: Partial<NewExecution> = {}): NewExecution {
  return {
    id: systemRuntime.id(),
    job: 'job',
    revision: 1,
    origin: 'enqueued',
    dedupeKey: null,
    queue: 'default',
    priority: 0,
    scheduledFor: null,
    dueAt: null,
    delayMs: 0,
    startWithinMs: null,
    input: null,
    concurrencyKey: null,
    concurrencyLimit: null,
    isExclusive: false,
    ifOpen: 'wait',
    missed: null,
    isJudged: true,
    createdBy: null,
    traceparent: null,
    ...given,
  }
}

/** A successful end of what was claimed. */
export function success(claimed: ClaimedExecution, instance: string): Settlement {
  return {
    executionId: claimed.id,
    job: claimed.job,
    instance,
    fence: claimed.fence,
    attempt: claimed.attempt,
    outcome: 'succeeded',
    startedAt: claimed.claimedAt,
    finishedAt: claimed.claimedAt,
    status: 'succeeded',
    reason: null,
    dueAt: null,
    spends: 'nothing',
    output: null,
    error: null,
    log: [],
    progress: null,
    history: 'all',
    abandonedAt: null,
  }
}
