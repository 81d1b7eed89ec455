import { StatementSync } from 'node:sqlite'

/** Statements that ran in this thread. */
export interface StatementCounts {
  /** All but the look whether another process has written. */
  readonly statements: number
  /** `PRAGMA data_version`: reads one word of shared memory. */
  readonly looks: number
}

const counts = { statements: 0, looks: 0 }
let isCounting = false

/** Counts what node:sqlite runs in this thread from the first call on; answers the counts so far. */
export function statementCounts(): StatementCounts {
  if (!isCounting) {
    isCounting = true
    for (const method of ['run', 'get', 'all', 'iterate'] as const) countCalls(method)
  }
  return { ...counts }
}

function countCalls(method: 'run' | 'get' | 'all' | 'iterate'): void {
  const prototype = StatementSync.prototype as unknown as Record<string, (...args: unknown[]) => unknown>
  const original = prototype[method]
  if (original === undefined) throw new Error(`node:sqlite has no StatementSync.${method}`)
  prototype[method] = function (this: StatementSync, ...args: unknown[]): unknown {
    if (this.sourceSQL === 'PRAGMA data_version') counts.looks++
    else counts.statements++
    return original.apply(this, args)
  }
}
