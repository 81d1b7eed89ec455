import type { JobSpec } from '../../src/job/job-spec.ts'
import { type PlanCase, planRange } from '../../src/plan/plan-range.ts'
import type { JobState } from '../../src/store/job-state.ts'
import type { LateTick, PlanEntry } from '../../src/store/plan-store.ts'
import { nextTick } from '../../src/trigger/next-tick.ts'

export const SECOND = 1_000
export const NOW = 1_000_000
export const HORIZON = 15_000

const spec: JobSpec = {
  name: 'job',
  triggers: [{ kind: 'every', everyMs: SECOND, anchor: 0 }],
  queue: 'mail',
  priority: 7,
  labels: [],
  overlap: 'skip',
  misfire: { policy: 'once', withinMs: 86_400_000, max: 100 },
  retry: { limit: 0, backoff: { kind: 'fixed', delayMs: 0, jitter: 'none' }, until: 'exhausted' },
  timeoutMs: null,
  graceMs: 0,
  startWithinMs: 9_000,
  onInterrupt: 'retry',
  abandonAfterMs: 0,
  history: 'all',
  concurrencyLimit: 2,
  tickConcurrencyKey: 'tenant',
  tickInput: '{}',
  inputSchema: null,
  redact: [],
  isSystem: false,
}

/** What differs from a job due each second that is planned up to now. */
export interface Change extends Partial<Omit<PlanCase, 'state'>> {
  readonly spec?: Partial<JobSpec>
  readonly state?: Partial<JobState>
}

/** A case with the given changes. */
export function caseOf({ spec: specChange, state: stateChange, ...change }: Change): PlanCase {
  const ownSpec = { ...spec, ...specChange }
  const plannedUntil = stateChange?.plannedUntil ?? NOW
  const revision = {
    job: 'job',
    revision: 3,
    hash: 'h',
    spec: ownSpec,
    version: null,
    effectiveFrom: 0,
    effectiveUntil: null,
  }
  let id = 0
  return {
    state: {
      name: 'job',
      current: revision,
      plannedUntil,
      nextTickAt: nextTick(ownSpec.triggers, 'job', plannedUntil),
      firstRegisteredAt: 0,
      pauses: [],
      absentSince: null,
      retiredAt: null,
      ...stateChange,
    },
    queuePauses: [],
    lateTicks: [],
    maxLateTicks: 1_000,
    hasLiveHandler: true,
    now: NOW,
    until: NOW + HORIZON,
    runtimeId: () => `id-${++id}`,
    maxTicks: 1_000,
    ...change,
  }
}

/** Plans the case with the given changes. */
export function plan(change: Change): ReturnType<typeof planRange> {
  return planRange(caseOf(change))
}

/** The spans of an entry, relative to now. */
export function spansOf(entry: PlanEntry): string[] {
  return entry.spans.map(({ from, to, count, reason }) => `${reason} ${from - NOW}..${to - NOW} (${count})`)
}

/** Late rows, each named after its distance from now in milliseconds. */
export function late(...offsets: number[]): LateTick[] {
  return offsets.map((ms) => ({ executionId: `row${ms}`, scheduledFor: NOW + ms }))
}
