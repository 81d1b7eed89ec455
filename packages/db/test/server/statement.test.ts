import { expect, it } from 'vitest'
import { integerOf, statement } from '../../src/index.ts'
import { valuesOf } from '../../src/server/sql-value.ts'

it('a named parameter becomes one number on PostgreSQL however often it is used, and a mark each time on MySQL', () => {
  const given = statement('UPDATE t SET a = :ttl + :now WHERE b <= :now AND c = :id2')
  expect(given.numbered()).toMatchObject({
    text: 'UPDATE t SET a = $1 + $2 WHERE b <= $2 AND c = $3',
    parameters: ['ttl', 'now', 'id2'],
  })
  expect(given.marked()).toMatchObject({
    text: 'UPDATE t SET a = ? + ? WHERE b <= ? AND c = ?',
    parameters: ['ttl', 'now', 'now', 'id2'],
  })
})

it.each([
  `SELECT 'tick:one', ':two ''quoted'' :three'`,
  'SELECT ":four", `:five`',
  'SELECT 1::bigint -- :six\n, a::text /* :seven */',
])('a colon in strings, names, comments and casts is no parameter: %s', (text) => {
  expect(statement(text).numbered()).toMatchObject({ text, parameters: [] })
})

it('the name is short, and the same for the same text only', () => {
  const name = statement('SELECT :a').numbered().name
  expect(name).toMatch(/^escapement_[0-9a-f]{16}$/)
  expect(statement('SELECT :b').numbered().name).toBe(name) // the text that the server sees is the same
  expect(statement('SELECT :a + 1').numbered().name).not.toBe(name)
})

it('a value that is missing is an error that names it, never null', () => {
  expect(() => valuesOf(statement('SELECT :a'), ['a'], {})).toThrow(/no value for :a in: SELECT :a/)
})

it.each([
  ['12', 12],
  [12n, 12],
  [12, 12],
  [true, 1],
  [false, 0],
])('integerOf reads %o as drivers may give it', (value, expected) => {
  expect(integerOf(value)).toBe(expected)
})

it.each([null, undefined, '', 'x', 1.5, '9007199254740993'])('integerOf refuses %o', (value) => {
  expect(() => integerOf(value)).toThrow(/no whole number/)
})
