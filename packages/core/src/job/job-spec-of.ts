import { resolveTrigger } from '../trigger/resolve-trigger.ts'
import { jsonHash } from './canonical-json.ts'
import { concurrencyKeyOf } from './concurrency-key.ts'
import { inputJsonSchema } from './input-json-schema.ts'
import type { AnyJob } from './job.ts'
import { forJob } from './job-options.ts'
import type { JobSpec } from './job-spec.ts'
import { tickInputOf } from './tick-input.ts'

/**
 * What is stored of a job: everything but its code.
 *
 * @param context - `timezone`: the zone of cron patterns that name none; `isSystem`: a job of Escapement itself.
 * @throws {@link InvalidOptionError} naming the job and what is wrong with a trigger or the input of its ticks.
 */
export function jobSpecOf(job: AnyJob, context: { readonly timezone: string; readonly isSystem?: boolean }): JobSpec {
  return forJob(job.name, () => {
    const tick = job.triggers.length > 0 ? tickInputOf(job.input) : undefined
    return {
      ...job.settings,
      name: job.name,
      triggers: job.triggers.map((trigger) => resolveTrigger(trigger, context)),
      concurrencyLimit: job.concurrency?.limit ?? null,
      tickConcurrencyKey: tick === undefined ? null : concurrencyKeyOf(job.concurrency, tick.value),
      tickInput: tick?.payload === undefined ? null : JSON.stringify(tick.payload),
      inputSchema: inputJsonSchema(job.input),
      isSystem: context.isSystem ?? false,
    }
  })
}

/** SHA-256 of a definition, in hex: the same for the same definition, whatever the order of its keys. */
export function specHash(spec: JobSpec): string {
  return jsonHash(spec)
}
