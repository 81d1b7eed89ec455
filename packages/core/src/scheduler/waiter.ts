import { durationMs, type Duration } from '@escapement/base'
import { WaitTimeoutError } from '../error/wait-timeout-error.ts'
import type { Execution, ExecutionStatus } from '../store/execution.ts'
import { unknownExecution } from './controls.ts'
import type { EngineContext } from '../context/engine-context.ts'
import type { Reader } from './reader.ts'
import { Wakeup } from '../context/wakeup.ts'

const DEFAULT_TIMEOUT_MS = 300_000
/**
 * A store that others share may announce their work and not their verdicts: looks lie apart by a part of the time waited so
 * far, within bounds, so that a verdict is late by that part at most. Milliseconds.
 */
const POLL_PART = 0.1
const SHORTEST_POLL_MS = 10
const LONGEST_POLL_MS = 250
/** Hints may come in swarms. Milliseconds. */
const BETWEEN_LOOKS_MS = 5

const TERMINAL: ReadonlySet<ExecutionStatus> = new Set(['succeeded', 'failed', 'timed_out', 'cancelled', 'skipped'])

/** Whether a status never changes any more (rule 3). */
function isTerminal(status: ExecutionStatus): boolean {
  return TERMINAL.has(status)
}

/** Waits for an execution to settle, on whichever instance that happens. */
export async function waitForExecution(
  context: EngineContext,
  reader: Reader,
  id: string,
  options: { readonly timeout?: Duration; readonly signal?: AbortSignal },
): Promise<Execution> {
  const { runtime, store, namespace, timers } = context
  const timeoutMs = options.timeout === undefined ? DEFAULT_TIMEOUT_MS : durationMs(options.timeout, 'timeout')
  const startedAt = runtime.monotonic()
  const wakeup = new Wakeup(timers)
  const wake = (): void => wakeup.wake()
  const hints = store.subscribe(namespace, wake)
  options.signal?.addEventListener('abort', wake, { once: true })
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      const found = await reader.execution(id)
      if (found === null) throw unknownExecution(id)
      if (isTerminal(found.execution.status)) return found.execution
      const waitedMs = runtime.monotonic() - startedAt
      const leftMs = timeoutMs - waitedMs
      if (leftMs <= 0) {
        throw new WaitTimeoutError(
          `execution ${id} is still ${found.execution.status} after ${timeoutMs} ms; it goes on`,
        )
      }
      const pollMs = Math.max(SHORTEST_POLL_MS, Math.min(waitedMs * POLL_PART, LONGEST_POLL_MS))
      await wakeup.wait(store.capabilities.shared ? Math.min(leftMs, pollMs) : leftMs)
      await new Wakeup(timers).wait(Math.min(leftMs, BETWEEN_LOOKS_MS))
    }
  } finally {
    hints[Symbol.dispose]()
    options.signal?.removeEventListener('abort', wake)
  }
}
