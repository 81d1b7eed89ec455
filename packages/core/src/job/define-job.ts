import type { Duration } from '@escapement/base'
import type { Trigger } from '../trigger/trigger.ts'
import type { Concurrency } from './concurrency-key.ts'
import type { IsolatedHandler } from './isolated.ts'
import type { HistoryPolicy, JobSpec, MisfirePolicy, OverlapPolicy } from './job-spec.ts'
import { resolveJobOptions } from './job-options.ts'
import type { FailedHandler, Handler, Job } from './job.ts'
import { jobSpecOf } from './job-spec-of.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

export type { AnyJob, Job } from './job.ts'

/** A job as its author writes it. Only `name` and `run` are needed. */
export interface JobOptions<Schema extends StandardSchemaV1 | undefined, Output> {
  /** Identity across instances, deploys and restarts: `[a-z0-9][a-z0-9._:-]{0,127}`. */
  readonly name: string
  /** What makes it due; none: it only runs when it is enqueued. */
  readonly trigger?: Trigger | readonly Trigger[]
  /**
   * Any Standard Schema (zod, valibot, arktype …) that payloads must fit. Ticks carry nothing, or `{}` where it needs
   * an object to put its defaults in. Default: any JSON value, unchecked.
   */
  readonly input?: Schema
  /** Default: no retry. `limit: 3` means three retries, four attempts; `backoff` defaults to `exponential()`. */
  readonly retry?: Partial<JobSpec['retry']>
  /** Limit of one attempt; `false`: none. Default 1 h. */
  readonly timeout?: Duration | false
  /** How long a handler may take to end once its signal was aborted. Default 30 s. */
  readonly grace?: Duration
  /** What happens to a punctual tick while an execution is open. Default `skip`. */
  readonly overlap?: OverlapPolicy
  /** What happens to ticks that nobody could start on time. Default `{ policy: 'once', within: '1d', max: 100 }`. */
  readonly misfire?: MisfirePolicy | MisfireOptions
  /** Default `default`. */
  readonly queue?: string
  /** -100 to 100; higher starts first. Default 0. */
  readonly priority?: number
  /** For filters and for instances that accept only some; at most 32. Default: none. */
  readonly labels?: readonly string[]
  /** A limit across the cluster for executions that share a key. Default: none. */
  readonly concurrency?: Concurrency<HandlerInput<Schema>>
  /** An execution that waited longer than this beyond its time is not started any more. Default: it waits for ever. */
  readonly startWithin?: Duration
  /** `fail`: an attempt whose instance died is never repeated (at most once). Default `retry`. */
  readonly onInterrupt?: 'retry' | 'fail'
  /** How long a handler that ignores its signal keeps its execution open after the grace period. Default 10 min. */
  readonly abandonAfter?: Duration
  /** Which settled executions stay as rows. Default `all`. */
  readonly history?: HistoryPolicy
  /** Paths of input, output, log and error whose values are hidden in what is stored. Default: none. */
  readonly redact?: readonly string[]
  /** The work: a function, or a module that can be ended with its thread or process (`isolated`). */
  readonly run: Handler<HandlerInput<Schema>, Output> | IsolatedHandler
  /** Called after the last attempt has failed. What it throws is reported and changes nothing. */
  readonly onFailed?: FailedHandler
}

/** What happens to ticks that nobody could start on time. */
export interface MisfireOptions {
  /** None runs, the latest runs for all, or all run. Default `once`. */
  readonly policy?: MisfirePolicy
  /** Older ones are never caught up. Default 1 d. */
  readonly within?: Duration
  /** How many `all` runs at most, the latest ones: 1 to 10,000. Default 100. */
  readonly max?: number
}

/** What the handler of a job with this schema is given. */
export type HandlerInput<Schema extends StandardSchemaV1 | undefined> = Schema extends StandardSchemaV1
  ? NonNullable<Schema['~standard']['types']>['output']
  : unknown

/** What a job with this schema is enqueued with. */
export type Payload<Schema extends StandardSchemaV1 | undefined> = Schema extends StandardSchemaV1
  ? NonNullable<Schema['~standard']['types']>['input']
  : unknown

/**
 * Defines a job.
 *
 * @returns The job, frozen.
 * @throws {@link InvalidOptionError} that names the job and all that is wrong with its options.
 */
export function defineJob<Output, Schema extends StandardSchemaV1 | undefined = undefined>(
  options: JobOptions<Schema, Output>,
): Job<Payload<Schema>, Output> {
  const { name, triggers, settings } = resolveJobOptions(options)
  const { input, concurrency, run, onFailed } = options as JobOptions<StandardSchemaV1, Output>
  const job: Job = { name, triggers, input, concurrency, settings, run, onFailed }
  jobSpecOf(job, { timezone: 'UTC' }) // refuses what is wrong with triggers and the input of ticks
  return Object.freeze(job) as Job<Payload<Schema>, Output>
}
