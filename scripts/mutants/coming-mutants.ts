import type { Mutant } from './mutant.ts'

/** Faults around ticks that are claimed before they fall due. */
export const COMING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a tick that was claimed for its instant starts at once',
    breaks: 'rule 9',
    tests: ['packages/core/test/scheduler/coming-ticks.test.ts'],
    faults: [
      {
        file: 'packages/core/src/claim/lane.ts',
        from: 'const isDue = ({ dueAt }: ClaimedExecution): boolean => dueAt <= now',
        to: 'const isDue = ({ dueAt }: ClaimedExecution): boolean => dueAt <= now + 100',
      },
    ],
  },
  {
    name: 'an instant has come when the estimate says so',
    breaks: 'rule 9',
    tests: ['packages/core/test/scheduler/coming-ticks.test.ts'],
    faults: [
      {
        file: 'packages/core/src/context/server-clock.ts',
        from: 'this.#serverAt - this.#roundTripMs / 2 + sinceMs',
        to: 'this.#serverAt + sinceMs',
      },
    ],
  },
  {
    name: 'what is given back before its instant keeps its verdict',
    breaks: 'rule 13',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/releases-sql.ts',
        from: 'attempt = 1, due_at <= ?, 1)',
        to: 'attempt = 1, due_at <= ? + 100, 1)',
      },
    ],
  },
  {
    name: 'a tick is taken although a pause covers its instant',
    breaks: 'rule 13',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/coming.ts',
        from: 'if (isPausedAt([...job.pauses, ...job.queuePauses], row.due_at)) return false',
        to: 'if (isPausedAt([], row.due_at)) return false',
      },
    ],
  },
]
