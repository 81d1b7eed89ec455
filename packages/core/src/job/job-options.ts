import { type Duration, durationMs, InvalidOptionError, LONGEST_DURATION_MS } from '@escapement/base'
import { z } from 'zod'
import { exponential } from '../policy/backoff.ts'
import type { Trigger } from '../trigger/trigger.ts'
import { isIsolated } from './isolated.ts'
import type { JobSpec } from './job-spec.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** Names of jobs and queues (rule 26). */
const NAME = /^[a-z0-9][a-z0-9._:-]{0,127}$/

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const YEAR_MS = 366 * DAY_MS

/** What a job's options say beside its code, triggers and input. */
export type JobSettings = Omit<
  JobSpec,
  'name' | 'triggers' | 'concurrencyLimit' | 'tickConcurrencyKey' | 'tickInput' | 'inputSchema' | 'isSystem'
>

/** Options that were checked as a whole, with defaults filled in. */
export interface ResolvedJobOptions {
  readonly name: string
  readonly triggers: readonly Trigger[]
  readonly settings: JobSettings
}

/**
 * Checks the options of a job and fills in the defaults. Triggers and schemas are checked where they are resolved.
 *
 * @throws {@link InvalidOptionError} that names the job and everything that is wrong.
 */
export function resolveJobOptions(options: unknown): ResolvedJobOptions {
  const parsed = jobOptions.safeParse(options)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => describeIssue(issue, options))
    throw new InvalidOptionError(`${title(options)}: ${problems.join('; ')}`)
  }
  const {
    name,
    trigger,
    input: _input,
    concurrency: _concurrency,
    run: _run,
    onFailed: _onFailed,
    ...rest
  } = parsed.data
  const { timeout, grace, misfire, startWithin, abandonAfter, ...settings } = rest
  return {
    name,
    triggers: Object.freeze([...trigger]),
    settings: Object.freeze({
      ...settings,
      misfire: { policy: misfire.policy, withinMs: misfire.within, max: misfire.max },
      timeoutMs: timeout,
      graceMs: grace,
      startWithinMs: startWithin ?? null,
      abandonAfterMs: abandonAfter,
    }),
  }
}

/** Runs `work`; an option that it refuses is reported under the name of the job. */
export function forJob<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof InvalidOptionError)) throw cause
    throw new InvalidOptionError(`Job "${name}": ${cause.message}`, { cause })
  }
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values): z.ZodEnum<ToEnum<Values>> {
  return z.enum(values, { error: `it is one of ${values.join(', ')}` }) as z.ZodEnum<ToEnum<Values>>
}

type ToEnum<Values extends readonly string[]> = { [Value in Values[number]]: Value }

function integer(min: number, max: number): z.ZodInt {
  const error = `it must be an integer from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

function text(max: number): z.ZodString {
  const error = `it must be text of 1 to ${max} characters`
  return z.string({ error }).min(1, { error }).max(max, { error })
}

function listOf(item: z.ZodString, most: number): z.ZodArray<z.ZodString> {
  return z.array(item, { error: 'it must be a list' }).max(most, { error: `it must have at most ${most} entries` })
}

function duration(option: string, minMs: number, maxMs: number): z.ZodType<number> {
  return read((value) => durationMs(value as Duration, option, { minMs, maxMs }))
}

function read<T>(reader: (value: unknown) => T): z.ZodType<T> {
  return z.unknown().transform((value, context) => {
    try {
      return reader(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message, params: { isWhole: true } })
      return z.NEVER
    }
  })
}

const nameText = z
  .string({ error: `it must match ${NAME.source}` })
  .regex(NAME, { error: `it must match ${NAME.source}` })
const delayMs = integer(0, LONGEST_DURATION_MS)
const jitter = oneOf(['none', 'equal', 'full'])

const backoff = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('fixed'), delayMs, jitter }),
    z.strictObject({
      kind: z.literal('exponential'),
      baseMs: delayMs,
      factor: z.number().min(1).max(100),
      maxMs: delayMs,
      jitter,
    }),
  ],
  { error: 'make it with fixed() or exponential()' },
)

const retry = z.strictObject({
  limit: integer(0, 1_000).default(0),
  backoff: backoff.default(() => exponential()),
  until: oneOf(['exhausted', 'next-tick']).default('exhausted'),
})

const misfire = z.strictObject({
  policy: oneOf(['skip', 'once', 'all']).default('once'),
  within: duration('misfire.within', 0, 10 * YEAR_MS).default(DAY_MS),
  max: integer(1, 10_000).default(100),
})

const history = z.union([oneOf(['all', 'failures', 'none']), z.strictObject({ keep: integer(1, 1_000_000) })], {
  error: 'it is all, failures, none or { keep: n } with n from 1 to 1000000',
})

const concurrency = z.strictObject({
  key: z.custom((value) => typeof value === 'function', { error: 'it must be a function of the input' }),
  limit: integer(1, 10_000),
})

const jobOptions = z.strictObject({
  name: nameText,
  trigger: z.preprocess(
    (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]),
    z.array(z.custom<Trigger>(isTrigger, { error: 'make it with cron(), every() or at()' })).max(100),
  ),
  input: z.custom(isSchema, { error: 'it must be a Standard Schema, such as one of zod' }).optional(),
  retry: retry.prefault({}),
  timeout: read((value) => {
    return value === false ? null : durationMs(value as Duration, 'timeout', { minMs: 1, maxMs: YEAR_MS })
  }).default(HOUR_MS),
  grace: duration('grace', 0, DAY_MS).default(30_000),
  overlap: oneOf(['skip', 'queue-one', 'queue-all', 'cancel-running', 'allow']).default('skip'),
  misfire: z.preprocess((value) => (typeof value === 'string' ? { policy: value } : value), misfire.prefault({})),
  queue: nameText.default('default'),
  priority: integer(-100, 100).default(0),
  labels: listOf(text(128), 32).default([]),
  concurrency: concurrency.optional(),
  startWithin: duration('startWithin', 1, YEAR_MS).optional(),
  onInterrupt: oneOf(['retry', 'fail']).default('retry'),
  abandonAfter: duration('abandonAfter', 0, 7 * DAY_MS).default(600_000),
  history: history.default('all'),
  redact: listOf(text(256), 100).default([]),
  run: z.custom((value) => typeof value === 'function' || isIsolated(value), {
    error: 'it must be a function, or a module given as isolated(url)',
  }),
  onFailed: z.custom((value) => typeof value === 'function', { error: 'it must be a function' }).optional(),
})

function isTrigger(value: unknown): boolean {
  const kind = typeof value === 'object' && value !== null ? (value as Partial<Trigger>).kind : undefined
  return kind === 'cron' || kind === 'every' || kind === 'at'
}

function isSchema(value: unknown): boolean {
  const isHolder = (typeof value === 'object' || typeof value === 'function') && value !== null
  const standard = isHolder ? (value as Partial<StandardSchemaV1>)['~standard'] : undefined
  return typeof standard?.validate === 'function'
}

function title(options: unknown): string {
  const name = typeof options === 'object' && options !== null ? (options as { name?: unknown }).name : undefined
  return typeof name === 'string' ? `Job "${name.slice(0, 128)}"` : 'Job without a name'
}

function describeIssue(issue: z.core.$ZodIssue, options: unknown): string {
  const path = issue.path.map(String).join('.')
  if (path === '' && issue.code === 'invalid_type') return `options are ${shown(options)}; give an object`
  if (issue.code === 'unrecognized_keys') {
    const known = path === '' ? `; options are ${Object.keys(jobOptions.shape).join(', ')}` : ''
    return issue.keys.map((key) => `option ${path === '' ? key : `${path}.${key}`} is unknown${known}`).join('; ')
  }
  if (issue.code === 'custom' && issue.params?.['isWhole'] === true) return issue.message
  return `${path} is ${shown(valueAt(options, issue.path))}; ${issue.message}`
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? value[key as keyof typeof value] : value),
    options,
  )
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 60)}"`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value === undefined ? 'missing' : `of type ${value === null ? 'null' : typeof value}`
}
