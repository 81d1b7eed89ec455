import { resolveTrigger } from '../trigger/resolve-trigger.ts'
import { jsonHash } from './canonical-json.ts'
import { concurrencyKeyOf } from './concurrency-key.ts'
import { inputJsonSchema } from './input-json-schema.ts'
import type { AnyJob } from './job.ts'
import { forJob } from './job-options.ts'
import type { JobSpec } from './job-spec.ts'
import { tickInputOf } from './tick-input.ts'

/** Jobs and specs are frozen: what follows from them is found once, however many schedulers of a process have them. */
const specs = new WeakMap<AnyJob, Map<string, JobSpec>>()
const hashes = new WeakMap<JobSpec, string>()

/**
 * What is stored of a job: everything but its code. Frozen.
 *
 * @param context - `timezone`: the zone of cron patterns that name none; `isSystem`: a job of Escapement itself.
 * @throws {@link InvalidOptionError} naming the job and what is wrong with a trigger or the input of its ticks.
 */
export function jobSpecOf(job: AnyJob, context: { readonly timezone: string; readonly isSystem?: boolean }): JobSpec {
  const { timezone, isSystem = false } = context
  const known = specs.get(job) ?? new Map<string, JobSpec>()
  specs.set(job, known)
  const key = `${isSystem}/${timezone}`
  let spec = known.get(key)
  if (spec === undefined) known.set(key, (spec = forJob(job.name, () => resolveSpec(job, timezone, isSystem))))
  return spec
}

function resolveSpec(job: AnyJob, timezone: string, isSystem: boolean): JobSpec {
  const tick = job.triggers.length > 0 ? tickInputOf(job.input) : undefined
  return Object.freeze({
    ...job.settings,
    name: job.name,
    triggers: job.triggers.map((trigger) => resolveTrigger(trigger, { timezone, job: job.name })),
    concurrencyLimit: job.concurrency?.limit ?? null,
    tickConcurrencyKey: tick === undefined ? null : concurrencyKeyOf(job.concurrency, tick.value),
    tickInput: tick?.payload === undefined ? null : JSON.stringify(tick.payload),
    inputSchema: inputJsonSchema(job.input),
    isSystem,
  })
}

/** SHA-256 of a definition, in hex: the same for the same definition, whatever the order of its keys. */
export function specHash(spec: JobSpec): string {
  let hash = hashes.get(spec)
  if (hash === undefined) hashes.set(spec, (hash = jsonHash(spec)))
  return hash
}
