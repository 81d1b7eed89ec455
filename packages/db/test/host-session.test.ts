import { HostSession, sqlTransaction, statement } from '@escapement/db'
import { expect, test } from 'vitest'

const answering = (answer: unknown): HostSession =>
  new HostSession(
    sqlTransaction(() => Promise.resolve(answer as object[]), { dialect: 'postgres' }),
    'postgres',
  )

test.each([
  ['the result of pg', { rows: [{ n: 1 }], rowCount: 1 }],
  ['rows and fields of mysql2', [[{ n: 1 }], []]],
])('refuses %s in the place of the rows', async (_name, answer) => {
  await expect(answering(answer).run(statement('SELECT 1 AS n'))).rejects.toThrow(/answer them alone, such as/)
})

test.each([
  ['rows', [{ n: 1 }], 1],
  ['no rows', [], 0],
  ['nothing', undefined, 0],
  ['the counts of a statement without rows', { affectedRows: 1 }, 0],
])('takes %s', async (_name, answer, count) => {
  expect((await answering(answer).run(statement('SELECT 1 AS n'))).rows).toHaveLength(count)
})
