import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { lockMigrations } from '../../src/sqlite/lock-migrations.ts'
import { type LockStatements, lockStatements } from '../../src/sqlite/lock-statements.ts'

const db = new DatabaseSync(':memory:')
for (const { steps } of lockMigrations('')) for (const step of steps) db.exec(step)
const statements = lockStatements('')

test.each(['acquire', 'find', 'renew', 'release'] satisfies (keyof LockStatements)[])(
  '%s finds its rows by the primary key',
  (name) => {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${statements[name]}`).all()
    expect(plan.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(/^SEARCH locks USING PRIMARY KEY/))
    expect(plan.map(({ detail }) => detail)).not.toContainEqual(expect.stringMatching(/^SCAN locks/))
  },
)
