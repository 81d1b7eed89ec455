import type { ErrorRecord } from '../store/execution.ts'
import type { Trigger } from '../trigger/trigger.ts'
import type { Concurrency } from './concurrency-key.ts'
import type { IsolatedHandler } from './isolated.ts'
import type { JobSettings } from './job-options.ts'
import type { RunContext } from './run-context.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** The function that does a job's work. What it returns is stored as JSON. */
export type Handler<Input = unknown, Output = unknown> = (context: RunContext<Input>) => Output | Promise<Output>

/** Hears of executions that have failed for good. */
export type FailedHandler = (failure: Failure) => void | Promise<void>

/** What is known of an execution that has failed for good. */
export interface Failure {
  /** What the last attempt threw, as stored; null: nothing. */
  readonly error: ErrorRecord | null
  /** How many attempts were made. */
  readonly attempts: number
  readonly job: string
  readonly executionId: string
  /** Nominal time, Unix milliseconds. */
  readonly scheduledFor: number
}

/** A checked job. `Input` is what it is enqueued with, `Output` what its handler returns. */
export interface Job<Input = unknown, Output = unknown> {
  readonly name: string
  readonly triggers: readonly Trigger[]
  /** Undefined: payloads are not checked. */
  readonly input: StandardSchemaV1 | undefined
  readonly concurrency: Concurrency | undefined
  readonly settings: JobSettings
  readonly run: Handler | IsolatedHandler
  readonly onFailed: FailedHandler | undefined
  /** Never set: carries the types. */
  readonly '~types'?: { readonly input: Input; readonly output: Output }
}

/** A job of any input and output. */
export type AnyJob = Job
