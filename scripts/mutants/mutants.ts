import type { Mutant } from './mutant.ts'
import { COMING_MUTANTS } from './coming-mutants.ts'
import { ONE_PASS_MUTANTS } from './one-pass-mutants.ts'

/** Faults as people make them, each with the rule or promise whose test must fail. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'settle without fence',
    breaks: 'rule 16',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/settling.ts',
        from: 'const isHeld = row.fence === fence && (row.status',
        to: 'const isHeld = (row.status',
      },
    ],
  },
  {
    name: 'settle without fence, in memory',
    breaks: 'rule 16',
    tests: ['packages/core/test/memory-store.contract.test.ts'],
    faults: [
      {
        file: 'packages/core/src/memory-store/settling.ts',
        from: 'if (!isHeld(row) || row.fence !== given.fence) return',
        to: 'if (!isHeld(row)) return',
      },
    ],
  },
  {
    name: 'lease by wall clock only',
    breaks: 'rule 15',
    tests: ['packages/core/test/run/lease-deadline.test.ts'],
    faults: [
      {
        file: 'packages/core/src/run/lease-deadline.ts',
        from: 'Math.max(this.#runtime.monotonic() - this.#sentMonotonic, this.#runtime.now() - this.#sentWall)',
        to: 'this.#runtime.now() - this.#sentWall',
      },
    ],
  },
  {
    name: 'lease counted from the reply',
    breaks: 'rule 15',
    tests: ['packages/core/test/scheduler/lease-reply.test.ts'],
    faults: [
      {
        file: 'packages/core/src/instance/membership.ts',
        from: 'this.#granted(answer.mark)',
        to: 'this.#granted(this.lease.mark())',
      },
    ],
  },
  {
    name: 'claim by SELECT, then UPDATE in another transaction',
    breaks: 'rule 3',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/claiming.ts',
        from: `import { lookAhead } from './look-ahead.ts'`,
        to: `import { lookAhead } from './look-ahead.ts'
import { Eligibility } from './eligibility.ts'
import { selectDue } from './selection.ts'`,
      },
      {
        file: 'packages/store-db/src/sqlite/claiming/claiming.ts',
        from: 'return context.write((session) => claimPass(scope(session, namespace, request.handlers), request, places))',
        to: `const seen = await context.read((session) => {
        const now = scope(session, namespace, request.handlers)
        return selectDue(now, new Eligibility(now), request.queues, places, { fresh: [], coming: [] })
      })
      return context.write((session) => claimPass(scope(session, namespace, request.handlers), request, seen as never))`,
      },
      {
        file: 'packages/store-db/src/sqlite/claiming/claim-pass.ts',
        from: 'const { starts, ahead, hasMore } = mayStart\n    ? selectDue(',
        to: 'const { starts, ahead, hasMore } = mayStart\n    ? ((...seen: Parameters<typeof selectDue>) => seen[3] as never as ReturnType<typeof selectDue>)(',
      },
    ],
  },
  {
    name: 'cursor moved before the insert, in another transaction',
    breaks: 'rule 5',
    tests: ['packages/store-db/test/one-step.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/planning.ts',
        from: `    for (const execution of entry.executions) insertion.insert(session, namespace, execution, now)\n`,
        to: '',
      },
      {
        file: 'packages/store-db/src/sqlite/planning.ts',
        from: 'entries.map((entry) => context.write((session) => planJob(session, namespace, entry, context.now()))),\n      ),',
        to: `entries.map(async (entry) => {
          const result = await context.write((session) => planJob(session, namespace, entry, context.now()))
          if (result === 'conflict') return result
          await context.write((session) => {
            for (const execution of entry.executions) insertion.insert(session, namespace, execution, context.now())
          })
          return result
        }),
      ),`,
      },
    ],
  },
  {
    name: 'unique key of ticks dropped',
    breaks: 'rule 1',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [{ file: 'packages/store-db/src/sqlite/schema.ts', from: `unique('dedupe',`, to: `on('dedupe',` }],
  },
  {
    name: 'cursor lowered',
    breaks: 'rule 5',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/definitions-sql.ts',
        from: 'planned_until = max(planned_until, excluded.planned_until)',
        to: 'planned_until = excluded.planned_until',
      },
    ],
  },
  {
    name: 'heartbeat revives a dead instance',
    breaks: 'rule 15',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/ownership-sql.ts',
        from: 'WHERE namespace = ? AND id = ? AND dead_at IS NULL`',
        to: 'WHERE namespace = ? AND id = ?`',
      },
    ],
  },
  {
    name: 'misfire judged twice',
    breaks: 'rule 11',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/planning-sql.ts',
        from: "WHERE namespace = ? AND id = ? AND status = 'scheduled' AND is_judged = 0`",
        to: "WHERE namespace = ? AND id = ? AND status = 'scheduled'`",
      },
    ],
  },
  {
    name: 'pause not looked at in claim',
    breaks: 'rule 13',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/eligibility.ts',
        from: 'if (row.is_tick === 1) {',
        to: 'if (row.is_tick === 2) {',
      },
    ],
  },
  {
    name: 'retry without limit',
    breaks: 'rule 14',
    tests: ['packages/core/test/scheduler/retry.test.ts'],
    faults: [
      {
        file: 'packages/core/src/policy/retry.ts',
        from: 'if (retries >= retry.limit) return',
        to: 'if (retries < 0) return',
      },
    ],
  },
  {
    name: 'replaced execution overwritten',
    breaks: 'rule 3',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/enqueue.ts',
        from: 'session.run(sql.replace, [newId, now, now, now, by, namespace, end.id])',
        to: "session.run(sql.replace, [newId, now, now, now, by, namespace, end.id])\n    session.run(`UPDATE ${context.tables.executions} SET status = 'scheduled', finished_at = NULL WHERE id = ?`, [end.id])",
      },
    ],
  },
  {
    name: 'terminal status changed by a late settle',
    breaks: 'rule 3',
    tests: ['packages/store-db/test/one-step.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/settling.ts',
        from: `const isHeld = row.fence === fence && (row.status === 'claimed' || row.status === 'running')`,
        to: 'const isHeld = row.fence === fence',
      },
      {
        file: 'packages/store-db/src/sqlite/settling-sql.ts',
        from: "WHERE seq = ? AND fence = ? AND status IN ('claimed', 'running')`,\n\n    /** One row",
        to: 'WHERE seq = ? AND fence = ?`,\n\n    /** One row',
      },
    ],
  },
  {
    name: 'statistics counted twice on a repeated settle',
    breaks: 'rule 21',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/settling.ts',
        from: 'if (!endsAbandoned) return',
        to: `if (!endsAbandoned) batch.events.push(eventOf(row, given, given.status, true))
      if (!endsAbandoned) return`,
      },
    ],
  },
  {
    name: 'orphaned claims never given back',
    breaks: 'rule 14',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/releases-sql.ts',
        from: 'WHERE namespace = ? AND instance = ? AND ${HELD} ORDER BY seq ${LIMIT}',
        to: "WHERE namespace = ? AND instance = ? AND ${HELD} AND status = 'running' ORDER BY seq ${LIMIT}",
      },
    ],
  },
  {
    name: 'what a lost reply granted is never given back',
    breaks: 'rule 15',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/releases.ts',
        from: 'if (!named.has(row.id)) this.#release(session, namespace, row, now)',
        to: 'if (named.has(row.id)) this.#release(session, namespace, row, now)',
      },
    ],
  },
  {
    name: 'stop spends a retry',
    breaks: 'promise 5',
    tests: ['packages/core/test/scheduler/cancel.test.ts'],
    faults: [
      {
        file: 'packages/core/src/settle/settlement-of.ts',
        from: `return { outcome, status: 'scheduled', reason: null, dueAt: now, spends: 'nothing' }`,
        to: `return { outcome, status: 'scheduled', reason: null, dueAt: now, spends: 'retry' }`,
      },
    ],
  },
  {
    name: 'cancel ignored for a running handler',
    breaks: 'rule 18',
    tests: ['packages/core/test/scheduler/cancel.test.ts'],
    faults: [
      {
        file: 'packages/core/src/claim/executor.ts',
        from: 'attempt.cancelledBy ??= by',
        to: 'if (by !== undefined) return true',
      },
    ],
  },
  {
    name: 'purge without horizon',
    breaks: 'rule 21',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/upkeep-sql.ts',
        from: 'AND finished_at IS NOT NULL AND finished_at < ? ORDER BY',
        to: 'AND finished_at IS NOT NULL AND finished_at < ? + 1e15 ORDER BY',
      },
    ],
  },
  {
    name: 'namespace left out of a query',
    breaks: 'rule 26',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/enqueue-sql.ts',
        from: 'ending: `SELECT ${ENDING_COLUMNS}, status FROM ${e} WHERE namespace = ? AND id = ?`',
        to: 'ending: `SELECT ${ENDING_COLUMNS}, status FROM ${e} WHERE ? IS NOT NULL AND id = ?`',
      },
    ],
  },
  {
    name: 'exclusive key not cleared',
    breaks: 'rule 12',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/settling-sql.ts',
        from: 'open_key = iif(?, open_key, NULL)',
        to: 'open_key = iif(?, open_key, open_key)',
      },
    ],
  },
  {
    name: 'claim does not raise the fence',
    breaks: 'rule 16',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/claiming-sql.ts',
        from: 'fence = max(fence + 1, ?), attempt = attempt + 1,',
        to: 'fence = max(fence, ?), attempt = attempt + 1,',
      },
    ],
  },
  {
    name: 'limit of a queue not counted',
    breaks: 'rule 20',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/selection.ts',
        from: 'return limit > held ? new Room(selection, eligibility, demand, limit - held) : null',
        to: 'return new Room(selection, eligibility, demand, limit)',
      },
    ],
  },
  {
    name: 'interrupted work taken ahead',
    breaks: 'rule 14',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      { file: 'packages/store-db/src/sqlite/claiming/eligibility.ts', from: ' || row.was_interrupted === 1', to: '' },
    ],
  },
  {
    name: 'once stands for the oldest missed tick',
    breaks: 'rule 11',
    tests: ['packages/core/test/policy/misfire.test.ts'],
    faults: [
      {
        file: 'packages/core/src/policy/misfire.ts',
        from: 'const firstRun = latest[count < size ? 0 : count % size] as number',
        to: 'const firstRun = first as number',
      },
    ],
  },
  {
    name: 'crashed work runs for ever',
    breaks: 'rule 14',
    tests: ['packages/core/test/scheduler/memory-store.contract.test.ts'],
    faults: [
      {
        file: 'packages/core/src/policy/interruption.ts',
        from: 'given.interruptions + 1 >= MOST_INTERRUPTIONS',
        to: 'given.interruptions + 1 >= Number.MAX_SAFE_INTEGER',
      },
    ],
  },
  {
    name: 'what is due is claimed a second early',
    breaks: 'rule 9',
    tests: ['packages/store-db/test/sqlite.contract.test.ts'],
    faults: [
      {
        file: 'packages/store-db/src/sqlite/claiming/claiming-sql.ts',
        from: 'AND priority = ? AND due_at <= ? AND (due_at, seq) > (?, ?)',
        to: 'AND priority = ? AND due_at <= ? + 1000 AND (due_at, seq) > (?, ?)',
      },
    ],
  },
  ...ONE_PASS_MUTANTS,
  ...COMING_MUTANTS,
]
