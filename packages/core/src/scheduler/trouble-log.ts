import { EscapementError, type Runtime } from '@escapement/base'
import type { Finding } from '../store/finding.ts'

/** How long a failure counts as recent. Milliseconds. */
const RECENT_MS = 60_000
/** Kinds of failure that are remembered. */
const MOST_KINDS = 50

interface Trouble {
  readonly during: string
  readonly message: string
  readonly count: number
  readonly at: number
}

/** Failures that no caller waited for, by what was being done: the last of each kind, for health. */
export class TroubleLog {
  readonly #runtime: Runtime
  readonly #troubles = new Map<string, Trouble>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  add(error: unknown, during: string): void {
    const message = error instanceof Error ? error.message : String(error)
    const before = this.#troubles.get(during)
    this.#troubles.delete(during)
    this.#troubles.set(during, { during, message, count: (before?.count ?? 0) + 1, at: this.#runtime.monotonic() })
    const oldest = this.#troubles.keys().next()
    if (this.#troubles.size > MOST_KINDS && oldest.done !== true) this.#troubles.delete(oldest.value)
  }

  /** What failed in the last minute. */
  findings(): readonly Finding[] {
    const now = this.#runtime.monotonic()
    const recent = [...this.#troubles.values()].filter((trouble) => now - trouble.at < RECENT_MS)
    return recent.map(({ during, message, count }) => ({
      code: 'failing',
      severity: 'warning',
      message: `${during} failed in the last minute (${count} times since the start): ${message}`,
    }))
  }
}

/** How a failure is logged: the message, and the code where there is one. */
export function describeFailure(error: unknown): { readonly error: string; readonly code?: string } {
  const message = error instanceof Error ? error.message : String(error)
  return EscapementError.is(error) ? { error: message, code: error.code } : { error: message }
}
