import { cron, defineJob, type Job } from '@escapement/core'
import { checkHealth } from '../health/check-health.ts'
import type { Probe } from '../health/probe.ts'

/** Looks whether everything works; its execution fails, with all that is bad, when something does not. */
export function healthCheck(schedule: string, probes: readonly Probe[]): Job<unknown, Record<string, string>> {
  return defineJob({
    name: 'health-check',
    trigger: cron(schedule, { timezone: 'UTC' }),
    timeout: '1m',
    // How things were an hour ago is not worth finding out now.
    misfire: 'skip',
    run: ({ signal }) => checkHealth(probes, signal),
  })
}
