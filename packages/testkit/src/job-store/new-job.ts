import { createHash } from 'node:crypto'
import type { JobSpec, RegisteredJob } from '@escapement/core'

/** A definition with every default, for cases that change what they are about. */
export function newSpec(given: Partial<JobSpec> = {}): JobSpec {
  return {
    name: 'report',
    triggers: [{ kind: 'every', everyMs: 60_000, anchor: 0 }],
    queue: 'default',
    priority: 0,
    labels: [],
    overlap: 'allow',
    misfire: { policy: 'once', withinMs: 86_400_000, max: 100 },
    retry: {
      limit: 3,
      backoff: { kind: 'fixed', delayMs: 1_000, jitter: 'none' },
      until: 'exhausted',
    },
    timeoutMs: null,
    graceMs: 30_000,
    startWithinMs: null,
    onInterrupt: 'retry',
    abandonAfterMs: 600_000,
    history: 'all',
    concurrencyLimit: null,
    tickConcurrencyKey: null,
    tickInput: null,
    inputSchema: null,
    redact: [],
    isSystem: false,
    ...given,
  }
}

/** A definition as an instance registers it. */
export function registered(spec: JobSpec, version: number | null = null): RegisteredJob {
  const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex')
  return { spec, hash, version, hasHandler: true }
}
