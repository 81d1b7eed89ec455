import { InvalidOptionError, parsePrincipal } from '@escapement/base'
import { DuplicateJobError } from '../error/duplicate-job-error.ts'
import type { AnyJob } from '../job/job.ts'
import { jobSpecOf, specHash } from '../job/job-spec-of.ts'
import { createRedactor } from '../redact/redactor.ts'
import type { LocalJob } from '../context/engine-context.ts'
import type { AcceptOptions, ResolvedSchedulerOptions } from '../context/scheduler-options.ts'

/**
 * The jobs of this process by name, with what is stored of them.
 *
 * @throws {@link DuplicateJobError}; {@link InvalidOptionError} for names that belong to the library, or for an `accept`
 * that names a job which does not exist here.
 */
export function localJobs(
  options: ResolvedSchedulerOptions,
  systemJobs: readonly AnyJob[],
): ReadonlyMap<string, LocalJob> {
  const jobs = new Map<string, LocalJob>()
  const systemNames = new Set(systemJobs.map((job) => job.name))
  for (const job of [...options.jobs, ...systemJobs]) {
    const isSystem = systemJobs.includes(job)
    if (!isSystem && systemNames.has(job.name)) {
      throw new InvalidOptionError(`Job "${job.name}": the name belongs to Escapement itself; choose another one`)
    }
    if (jobs.has(job.name)) {
      throw new DuplicateJobError(`Job "${job.name}" is given twice; every job of a scheduler has a name of its own`)
    }
    const spec = jobSpecOf(job, { timezone: options.timezone, isSystem })
    const isAccepted = options.roles.has('run') && (isSystem || accepts(options.accept, spec))
    const redactor = createRedactor([...spec.redact, ...options.redact])
    const principal = parsePrincipal(`system:job/${job.name}`)
    jobs.set(job.name, { job, spec, hash: specHash(spec), isAccepted, redactor, principal })
  }
  for (const name of options.accept.jobs ?? []) {
    if (!jobs.has(name)) {
      throw new InvalidOptionError(`accept.jobs names "${name}", which is not among the jobs of this scheduler`)
    }
  }
  return jobs
}

function accepts(accept: AcceptOptions, spec: LocalJob['spec']): boolean {
  if (accept.queues !== undefined && !accept.queues.includes(spec.queue)) return false
  if (accept.jobs !== undefined && !accept.jobs.includes(spec.name)) return false
  return accept.labels === undefined || accept.labels.some((label) => spec.labels.includes(label))
}
