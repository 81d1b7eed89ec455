import type { Mutant } from './mutant.ts'

/** Faults in the pass that judges due ticks and takes what may start. */
export const ONE_PASS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a tick that waits for a slot is judged again and again',
    breaks: 'rule 11',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/judging.ts',
        from: 'if (kept.length > 0) session.run(sql.keep',
        to: 'if (kept.length < 0) session.run(sql.keep',
      },
    ],
  },
  {
    name: 'startWithin is not looked at when a tick is judged and taken at once',
    breaks: 'rule 11',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/judging.ts',
        from: 'row.expires_at !== null && row.expires_at < now',
        to: 'row.expires_at !== null && row.expires_at < 0',
      },
    ],
  },
  {
    name: 'what was judged just now starts behind all that waits',
    breaks: 'rule 20',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/selection.ts',
        from: 'goesBefore(waiting[next] as Candidate, row) < 0; next++',
        to: 'goesBefore(waiting[next] as Candidate, row) > 1e30; next++',
      },
    ],
  },
  {
    name: 'what has expired starts when there is too much of it for one pass',
    breaks: 'rule 11',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/claim-pass.ts',
        from: 'instance.lease_until > now && !hasMoreExpired',
        to: 'instance.lease_until > now',
      },
    ],
  },
  {
    name: 'due ticks of others hide the own ones',
    breaks: 'rule 11',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/judging.ts',
        from: 'if (first.length < AT_ONCE || own.length === AT_ONCE) return own',
        to: 'if (first.length <= AT_ONCE) return own',
      },
    ],
  },
]
