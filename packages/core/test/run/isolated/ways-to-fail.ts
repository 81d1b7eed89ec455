import { NonRetryableError } from '../../../src/error/non-retryable-error.ts'
import { RetryAfterError } from '../../../src/error/retry-after-error.ts'
import type { RunContext } from '../../../src/job/run-context.ts'

class CardDeclinedError extends NonRetryableError {
  override readonly name: string = 'CardDeclinedError'
}

const never = (): Promise<never> => new Promise(() => undefined)

const WAYS: Readonly<Record<string, (context: RunContext) => unknown>> = {
  throw: () => {
    const cause = new TypeError('the socket is closed')
    throw Object.assign(new RangeError('no answer', { cause }), { code: 'EUPSTREAM', retryable: true })
  },
  'throw-text': () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what handlers in JavaScript may do
    throw 'just text'
  },
  'non-retryable': () => {
    throw new CardDeclinedError('the card is gone')
  },
  'retry-after': () => {
    throw new RetryAfterError('90s', 'too many requests')
  },
  exit: () => process.exit(3),
  abort: () => process.abort(),
  uncaught: () => {
    queueMicrotask(() => {
      throw new Error('nobody caught me')
    })
    return never()
  },
  rejection: () => {
    void Promise.reject(new Error('nobody awaited me'))
    return never()
  },
  memory: () => {
    const hoard: unknown[] = []
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })))
  },
  bigint: () => 1n,
  function: () => () => 1,
  large: () => 'x'.repeat(2_000_000),
  nothing: () => undefined,
  progress: (context) => context.progress(101),
  crawl: (context) => {
    for (const percent of [10, 10.2, 10.9, 11.5, 11.6]) context.progress(percent)
  },
  'left-open': ({ log }) => {
    log.info('waiting', { pid: process.pid })
    setInterval(() => undefined, 1_000)
    return 'done'
  },
  flood: ({ log }) => {
    for (let line = 0; line < 5_000; line++) log.info(`line ${line}`)
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve, 'flooded')))
  },
  'until-aborted': ({ signal, log }) =>
    new Promise((_, reject) => {
      log.info('waiting')
      signal.addEventListener('abort', () => {
        log.info('aborted', { name: signal.reason.name, code: signal.reason.code, pid: process.pid })
        reject(signal.reason)
      })
    }),
  outlast: ({ log, input }) => {
    log.info('waiting')
    return new Promise((resolve) => setTimeout(resolve, (input as { ms: number }).ms, 'outlasted'))
  },
  deaf: ({ signal, log }) => {
    process.on('SIGTERM', () => log.info('SIGTERM'))
    signal.addEventListener('abort', () => log.info('aborted', { name: signal.reason.name }))
    log.info('waiting', { pid: process.pid })
    return never()
  },
  blocked: ({ log }) => {
    log.info('waiting', { pid: process.pid })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
  compute: ({ log, input }) => {
    log.info('waiting', { pid: process.pid })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, (input as { ms: number }).ms)
    return 'computed'
  },
}

/** Fails in the way that the input names. */
export function run(context: RunContext): unknown {
  const { how } = context.input as { how: string }
  return (WAYS[how] as (context: RunContext) => unknown)(context)
}
