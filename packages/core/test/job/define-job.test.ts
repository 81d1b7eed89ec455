import { InvalidOptionError } from '@escapement/base'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineJob } from '../../src/job/define-job.ts'
import { isolated } from '../../src/job/isolated.ts'
import { exponential, fixed } from '../../src/policy/backoff.ts'
import { at, cron, every } from '../../src/trigger/trigger.ts'

const run = (): number => 3
const define = (options: unknown): unknown => defineJob(options as never)

describe('defining a job', () => {
  it('needs a name and a handler only, and fills in the defaults', () => {
    const job = defineJob({ name: 'keys.expire', run })
    expect(job).toEqual({
      name: 'keys.expire',
      triggers: [],
      input: undefined,
      concurrency: undefined,
      run,
      onFailed: undefined,
      settings: {
        queue: 'default',
        priority: 0,
        labels: [],
        overlap: 'skip',
        misfire: { policy: 'once', withinMs: 86_400_000, max: 100 },
        retry: { limit: 0, backoff: exponential(), until: 'exhausted' },
        timeoutMs: 3_600_000,
        graceMs: 30_000,
        startWithinMs: null,
        onInterrupt: 'retry',
        abandonAfterMs: 600_000,
        history: 'all',
        redact: [],
      },
    })
    expect(Object.isFrozen(job)).toBe(true)
  })

  it('keeps what was given', () => {
    const concurrency = { key: (input: { tenant: string }) => input.tenant, limit: 2 }
    const onFailed = (): void => undefined
    const input = z.object({ tenant: z.string().default('all') })
    const job = defineJob({
      name: 'a:b_c-1.d',
      trigger: [every('1m'), cron('@daily')],
      input,
      retry: { limit: 3, backoff: fixed('5s'), until: 'next-tick' },
      timeout: false,
      grace: 0,
      overlap: 'queue-one',
      misfire: { within: '2h' },
      queue: 'mail',
      priority: -100,
      labels: ['nightly'],
      concurrency,
      startWithin: '10m',
      onInterrupt: 'fail',
      abandonAfter: '1m',
      history: { keep: 5 },
      redact: ['**.token'],
      run: isolated(new URL('./job.js', import.meta.url)),
      onFailed,
    })
    expect(job).toMatchObject({
      triggers: [{ kind: 'every' }, { kind: 'cron' }],
      input,
      concurrency,
      onFailed,
      run: { kind: 'thread' },
      settings: {
        retry: { limit: 3, backoff: { kind: 'fixed', delayMs: 5_000 }, until: 'next-tick' },
        timeoutMs: null,
        graceMs: 0,
        misfire: { policy: 'once', withinMs: 7_200_000, max: 100 },
        priority: -100,
        startWithinMs: 600_000,
        history: { keep: 5 },
      },
    })
  })

  it('takes a bare word for the misfire policy and a single trigger', () => {
    const job = defineJob({ name: 'a', trigger: at(0), misfire: 'all', run })
    expect(job.settings.misfire).toEqual({ policy: 'all', withinMs: 86_400_000, max: 100 })
    expect(job.triggers).toHaveLength(1)
  })
})

describe('refusing a job', () => {
  it.each<[unknown, string]>([
    [{ name: 'a', run, trigger: cron('0 25 * * *') }, 'Job "a": cron "0 25 * * *" has hour 25; hours are 0-23'],
    [{ name: 'a', run, trigger: cron('0 0 30 2 *') }, 'Job "a": cron "0 0 30 2 *" never fires: day of the month 30'],
    [{ name: 'a', run, trigger: cron('@daily', { timezone: 'Mars' }) }, 'Job "a": time zone "Mars" is unknown'],
    [{ name: 'a', run, trigger: every('50ms') }, `Job "a": every is '50ms'; it must lie between 100 ms`],
    [
      { name: 'a', run, trigger: '0 9 * * *' },
      'Job "a": trigger.0 is "0 9 * * *"; make it with cron(), every() or at()',
    ],
    [{ name: 'a', run, trigger: [{}] }, 'Job "a": trigger.0 is of type object; make it with cron(), every() or at()'],
    [{ name: 'Keys', run }, 'Job "Keys": name is "Keys"; it must match ^[a-z0-9]'],
    [{ name: `a${'b'.repeat(128)}`, run }, 'it must match'],
    [{ run }, 'Job without a name: name is missing; it must match'],
    [{ name: 'a' }, 'Job "a": run is missing; it must be a function, or a module given as isolated(url)'],
    [{ name: 'a', run: './job.js' }, 'Job "a": run is "./job.js"'],
    [{ name: 'a', run, retires: 3 }, 'Job "a": option retires is unknown; options are name, trigger, input, retry'],
    [{ name: 'a', run, retry: { limits: 3 } }, 'Job "a": option retry.limits is unknown'],
    [{ name: 'a', run, retry: { limit: -1 } }, 'retry.limit is -1; it must be an integer from 0 to 1000'],
    [{ name: 'a', run, retry: { backoff: 'fast' } }, 'retry.backoff is "fast"; make it with fixed() or exponential()'],
    [{ name: 'a', run, retry: 3 }, 'retry is 3'],
    [{ name: 'a', run, priority: 101 }, 'priority is 101; it must be an integer from -100 to 100'],
    [{ name: 'a', run, priority: 0.5 }, 'priority is 0.5; it must be an integer'],
    [{ name: 'a', run, timeout: true }, 'timeout is a value of type boolean; a duration is'],
    [{ name: 'a', run, timeout: 0 }, 'timeout is 0; it must lie between 1 ms'],
    [{ name: 'a', run, timeout: '400d' }, `timeout is '400d'; it must lie between`],
    [{ name: 'a', run, grace: -1 }, 'grace is -1; it must lie between 0 ms and 86400000 ms'],
    [{ name: 'a', run, startWithin: '1 hour' }, `startWithin is '1 hour'; a duration is`],
    [{ name: 'a', run, abandonAfter: null }, 'abandonAfter is a value of type null'],
    [{ name: 'a', run, misfire: 'twice' }, 'misfire.policy is "twice"; it is one of skip, once, all'],
    [{ name: 'a', run, misfire: { within: 'x' } }, `misfire.within is 'x'; a duration is`],
    [{ name: 'a', run, misfire: { max: 0 } }, 'misfire.max is 0; it must be an integer from 1 to 10000'],
    [
      { name: 'a', run, overlap: 'never' },
      'overlap is "never"; it is one of skip, queue-one, queue-all, cancel-running, allow',
    ],
    [{ name: 'a', run, onInterrupt: 'x' }, 'onInterrupt is "x"; it is one of retry, fail'],
    [{ name: 'a', run, queue: '' }, 'queue is ""; it must match'],
    [{ name: 'a', run, labels: 'x' }, 'labels is "x"; it must be a list'],
    [{ name: 'a', run, labels: ['x', ''] }, 'labels.1 is ""; it must be text of 1 to 128 characters'],
    [
      { name: 'a', run, redact: Array.from({ length: 101 }, () => 'x') },
      'redact is of type object; it must have at most 100 entries',
    ],
    [{ name: 'a', run, history: 'some' }, 'history is "some"; it is all, failures, none or { keep: n }'],
    [{ name: 'a', run, history: { keep: 0 } }, 'history.keep is 0; it must be an integer from 1 to 1000000'],
    [
      { name: 'a', run, concurrency: { key: 'tenant', limit: 0 } },
      'concurrency.key is "tenant"; it must be a function of the input',
    ],
    [
      { name: 'a', run, input: { parse: run } },
      'input is of type object; it must be a Standard Schema, such as one of zod',
    ],
    [{ name: 'a', run, input: 7 }, 'input is 7; it must be a Standard Schema'],
    [{ name: 'a', run, onFailed: 'mail' }, 'onFailed is "mail"; it must be a function'],
    [null, 'Job without a name: options are of type null; give an object'],
    ['a', 'Job without a name: options are "a"; give an object'],
  ])('%#: names the job, the value and the way out', (options, message) => {
    expect(() => define(options)).toThrow(InvalidOptionError)
    expect(() => define(options)).toThrow(message)
  })

  it('lists all that is wrong at once', () => {
    expect(() => define({ name: 'a', run, priority: 200, timeout: 'x', queue: 'Q' })).toThrow(
      /^Job "a": timeout is 'x'.*; queue is "Q".*; priority is 200/,
    )
  })
})
