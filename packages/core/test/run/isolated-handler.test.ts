import { EscapementError, InvalidOptionError } from '@escapement/base'
import { describe, expect, test, vi } from 'vitest'
import { InvalidResultError } from '../../src/error/invalid-result-error.ts'
import { NonRetryableError } from '../../src/error/non-retryable-error.ts'
import { RetryAfterError } from '../../src/error/retry-after-error.ts'
import { WorkerExitError } from '../../src/error/worker-exit-error.ts'
import { type IsolatedOptions, isolated } from '../../src/job/isolated.ts'
import { type RunningIsolated, startIsolated } from '../../src/run/isolated-handler.ts'
import type { IsolatedContext } from '../../src/run/isolated-message.ts'
import { contextOf } from './isolated/context-of.ts'

// Threads and processes take seconds to start on a machine that is busy with other tests, such as these among themselves.
vi.setConfig({ testTimeout: 30_000, maxConcurrency: 4 })

type Line = readonly [level: string, message: string, fields: unknown]

interface Started extends RunningIsolated {
  readonly lines: Line[]
  readonly progress: number[]
  said(message: string): Promise<Line>
}

const module = {
  assigned: new URL('./isolated/assigned.cjs', import.meta.url),
  brokenImport: new URL('./isolated/broken-import.ts', import.meta.url),
  echo: new URL('./isolated/echo.ts', import.meta.url),
  noFunction: new URL('./isolated/no-function.ts', import.meta.url),
  nowhere: new URL('./isolated/nowhere.js', import.meta.url),
  waysToFail: new URL('./isolated/ways-to-fail.ts', import.meta.url),
}

function start(url: URL, options: IsolatedOptions, context: IsolatedContext): Started {
  const lines: Line[] = []
  const progress: number[] = []
  const running = startIsolated(isolated(url, options), context, {
    log: (level, message, fields) => void lines.push([level, message, fields]),
    progress: (percent) => void progress.push(percent),
  })
  running.result.catch(() => undefined)
  const said = (message: string): Promise<Line> =>
    vi.waitFor(() => lines.find((line) => line[1] === message) ?? Promise.reject(new Error(`never said ${message}`)), {
      timeout: 10_000,
      interval: 5,
    })
  return Object.assign(running, { lines, progress, said })
}

const fail = (how: string, options: IsolatedOptions): Started => start(module.waysToFail, options, contextOf({ how }))

async function errorOf(running: RunningIsolated): Promise<Error & { code?: string }> {
  const error: unknown = await running.result.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Error)
  return error as Error & { code?: string }
}

describe.each(['thread', 'process'] as const)('an isolated handler in a %s', { concurrent: true }, (kind) => {
  test('is given its context, answers, logs, reports progress, and knows its ambient context', async () => {
    const running = start(module.echo, { kind }, contextOf({ to: 'you' }))
    expect(await running.result).toEqual({
      input: { to: 'you' },
      job: 'reports.build',
      executionId: 'e-1',
      attempt: 2,
      scheduledFor: 1_700_000_000_000,
      missed: { count: 3, from: 1_699_999_980_000, to: 1_700_000_000_000 },
      fence: '9007199254740993',
      fenceKey: 'job:reports.build',
      isAborted: false,
      remainingMs: expect.closeTo(57_000, -4),
      ambient: {
        principal: { type: 'system', id: 'job/reports.build' },
        executionId: 'e-1',
        job: 'reports.build',
        attempt: 2,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    })
    expect(running.lines).toEqual([
      ['info', 'echoing', { input: { to: 'you' } }],
      ['warn', 'fields that contain themselves', '(fields that are not JSON)'],
    ])
    expect(running.progress).toEqual([40])
    await running.terminate()
  })

  test('may be CommonJS, and may return nothing', async () => {
    expect(await start(module.assigned, { kind }, contextOf(7)).result).toEqual({ from: 'commonjs', input: 7 })
    expect(await fail('nothing', { kind }).result).toBeUndefined()
  })

  test('rejects with what the handler threw: name, message, stack, code, cause', async () => {
    const error = await errorOf(fail('throw', { kind }))
    expect(error).toMatchObject({ name: 'RangeError', message: 'no answer', code: 'EUPSTREAM', retryable: true })
    expect(error.stack).toContain('ways-to-fail.ts')
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'the socket is closed' })
    expect(await errorOf(fail('throw-text', { kind }))).toMatchObject({
      name: 'NonError',
      message: expect.stringContaining('just text'),
    })
  })

  test('keeps what an error says of retries', async () => {
    const declined = await errorOf(fail('non-retryable', { kind }))
    expect(declined).toBeInstanceOf(NonRetryableError)
    expect(declined).toMatchObject({ name: 'CardDeclinedError', message: 'the card is gone', retryable: false })
    expect(EscapementError.is(declined)).toBe(true)
    const later = await errorOf(fail('retry-after', { kind }))
    expect(later).toBeInstanceOf(RetryAfterError)
    expect(later).toMatchObject({ delayMs: 90_000, message: 'too many requests', retryable: true })
  })

  test.each([
    ['bigint', 'cannot be stored as JSON'],
    ['function', 'is a function'],
    ['large', 'at most 1048576 are stored'],
  ])('refuses a result that cannot be stored: %s', async (how, message) => {
    const error = await errorOf(fail(how, { kind }))
    expect(error).toBeInstanceOf(InvalidResultError)
    expect(error.message).toContain(message)
  })

  test('refuses progress beyond 100 where it is reported', async () => {
    const error = await errorOf(fail('progress', { kind }))
    expect(error).toBeInstanceOf(InvalidOptionError)
    expect(error.message).toContain('progress is 101')
  })

  test('names a module that does not exist, and one that exports no function', async () => {
    const missing = await errorOf(start(module.nowhere, { kind }, contextOf(null)))
    expect(missing).toBeInstanceOf(InvalidOptionError)
    expect(missing.message).toMatch(/isolated\/nowhere\.js does not exist/)
    const useless = await errorOf(start(module.noFunction, { kind }, contextOf(null)))
    expect(useless).toBeInstanceOf(InvalidOptionError)
    expect(useless.message).toMatch(/no-function\.ts exports settings, no function/)
    const broken = await errorOf(start(module.brokenImport, { kind }, contextOf(null)))
    expect(broken).not.toBeInstanceOf(InvalidOptionError)
    expect(broken).toMatchObject({ code: 'ERR_MODULE_NOT_FOUND', message: expect.stringContaining('not-there.ts') })
  })

  test('that exits ends with its exit code', async () => {
    const error = await errorOf(fail('exit', { kind }))
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toContain('exited with code 3 before its handler ended')
  })

  test.each([
    ['uncaught', 'nobody caught me'],
    ['rejection', 'nobody awaited me'],
  ])('ends with an error that nobody handles beside the handler: %s', async (how, message) => {
    const error = await errorOf(fail(how, { kind }))
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toContain(message)
    expect(error.cause).toMatchObject({ name: 'Error', message })
  })

  test('that runs out of memory costs the host nothing', async () => {
    const error = await errorOf(fail('memory', { kind, resourceLimits: { maxOldGenerationSizeMb: 48 } }))
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toContain('out of memory')
  })

  test('hears why it is to end, as the same kind of error', async () => {
    const running = fail('until-aborted', { kind })
    await running.said('waiting')
    running.abort({ name: 'CancelledError', message: 'not needed any more', code: 'ERR_CANCELLED' })
    const error = await errorOf(running)
    expect(error).toMatchObject({ name: 'CancelledError', message: 'not needed any more', code: 'ERR_CANCELLED' })
    expect(running.lines.at(-1)).toMatchObject(['info', 'aborted', { name: 'CancelledError', code: 'ERR_CANCELLED' }])
  })

  test('ends when it was told so before it had begun', async () => {
    const running = fail('until-aborted', { kind })
    running.abort({ name: 'CancelledError', message: 'not needed any more', code: 'ERR_CANCELLED' })
    expect(await errorOf(running)).toMatchObject({ code: 'ERR_CANCELLED' })
  })

  test('rule 17: a lease that nobody extends aborts the signal and then ends the handler', async () => {
    const running = fail('deaf', { kind })
    await running.said('waiting')
    running.extendLease(3_000) // the last words take a tenth of it: time enough on a busy machine
    const error = await errorOf(running)
    expect(error).toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(running.lines.map(([, message]) => message)).toEqual(['waiting', 'aborted'])
    await running.terminate()
  }, 20_000)

  test('rule 17: a lease that is extended lets it run on', async () => {
    const running = start(module.waysToFail, { kind }, contextOf({ how: 'outlast', ms: 1_500 }))
    await running.said('waiting')
    running.extendLease(1_000)
    running.extendLease(60_000)
    expect(await running.result).toBe('outlasted')
  })

  test('is ended although it blocks its event loop', async () => {
    const running = fail('blocked', { kind })
    await running.said('waiting')
    const first = running.terminate()
    await Promise.all([first, running.terminate()])
    const error = await errorOf(running)
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toContain('having been told to')
  })

  test('cannot fill the memory of its host with log lines', async () => {
    const running = fail('flood', { kind })
    expect(await running.result).toBe('flooded')
    expect(running.lines).toHaveLength(1_001)
    expect(running.lines.at(-1)?.[1]).toBe('4000 lines were dropped: more than 1000 came at once')
  })
})

describe('an isolated handler in a process', { concurrent: true }, () => {
  test('that aborts its process leaves the host alive', async () => {
    const error = await errorOf(fail('abort', { kind: 'process' }))
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toMatch(/was ended by SIGABRT|exited with code/)
  })

  test('rule 17: ends at the end of its lease although it blocks its event loop', async () => {
    const running = fail('blocked', { kind: 'process' })
    await running.said('waiting')
    running.extendLease(500)
    const error = await errorOf(running)
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toContain('SIGKILL')
  })

  test('rule 17: a blocked event loop does not cost a lease that is extended', async () => {
    const running = start(module.waysToFail, { kind: 'process' }, contextOf({ how: 'compute', ms: 3_000 }))
    await running.said('waiting')
    running.extendLease(1_500)
    running.extendLease(60_000)
    expect(await running.result).toBe('computed')
  })

  test('does not outlive its handler for what that left open', async () => {
    const running = fail('left-open', { kind: 'process' })
    const [, , fields] = await running.said('waiting')
    expect(await running.result).toBe('done')
    await vi.waitFor(() => expect(() => process.kill((fields as { pid: number }).pid, 0)).toThrow('ESRCH'), 10_000)
  })

  test('is not ended by a signal to the whole group, but by its host', async () => {
    const running = fail('deaf', { kind: 'process' })
    const [, , fields] = await running.said('waiting')
    const { pid } = fields as { pid: number }
    process.kill(pid, 'SIGINT')
    process.kill(pid, 'SIGTERM')
    await running.said('SIGTERM')
    running.abort({ name: 'StoppingError', message: 'stopping', code: 'ERR_STOPPING' })
    await running.said('aborted')
    await running.terminate()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

test('a process that cannot be started is an error of the run, not of the host', async () => {
  const { execPath } = process
  process.execPath = '/nowhere/node'
  try {
    const running = fail('nothing', { kind: 'process' })
    const error = await errorOf(running)
    expect(error).toBeInstanceOf(WorkerExitError)
    expect(error.message).toMatch(/could not be started: .*ENOENT/)
    await running.terminate()
  } finally {
    process.execPath = execPath
  }
})

test('a thread that cannot be started is an error of the run, not of the host', async () => {
  const uncloneable = (() => undefined) as unknown as string
  const running = start(module.echo, { kind: 'thread' }, contextOf(null, { input: uncloneable }))
  const error = await errorOf(running)
  expect(error).toBeInstanceOf(WorkerExitError)
  expect(error.message).toContain('could not be started')
  expect(error.cause).toMatchObject({ name: 'DataCloneError' })
  await running.terminate()
})
