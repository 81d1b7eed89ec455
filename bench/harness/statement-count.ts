import { StatementSync } from 'node:sqlite'
import { Client } from 'pg'

/** Statements that this process asked for. */
export interface StatementCounts {
  /** All but the look whether another process has written. */
  readonly statements: number
  /** `PRAGMA data_version`: reads one word of shared memory. */
  readonly looks: number
}

const counts = { statements: 0, looks: 0 }
let isCounting = false

/** Counts what node:sqlite runs in this thread, and what `pg` sends, from the first call on; answers the counts so far. */
export function statementCounts(): StatementCounts {
  if (!isCounting) {
    isCounting = true
    for (const method of ['run', 'get', 'all', 'iterate'] as const) {
      countCalls(StatementSync.prototype, method, (statement) => {
        if ((statement as StatementSync).sourceSQL === 'PRAGMA data_version') counts.looks++
        else counts.statements++
      })
    }
    countCalls(Client.prototype, 'query', () => counts.statements++)
  }
  return { ...counts }
}

function countCalls(prototype: object, method: string, count: (on: unknown) => void): void {
  const methods = prototype as Record<string, ((...args: unknown[]) => unknown) | undefined>
  const original = methods[method]
  if (original === undefined) throw new Error(`there is no ${method} to be counted`)
  methods[method] = function (this: unknown, ...args: unknown[]): unknown {
    count(this)
    return original.apply(this, args)
  }
}
