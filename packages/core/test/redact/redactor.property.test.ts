import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRedactor } from '../../src/redact/redactor.ts'

const CANARY = 'canary-7f3a'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const keys = fc.constantFrom('a', 'b', 'token', '0', '1', '__proto__', 'constructor', 'toString', '*', 'x y', '')
const secret = fc.tuple(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 })).map(([a, b]) => `${a}${CANARY}${b}`)

/** JSON in which every `token`, and all that is below one, holds canaries, and nothing else does. */
const holder: fc.Arbitrary<Json> = fc.letrec<{ free: Json; hidden: Json }>((tie) => ({
  free: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('free'), { maxLength: 4 }),
    fc.dictionary(
      keys.filter((key) => key !== 'token'),
      tie('free'),
      { maxKeys: 4 },
    ),
    fc.record({ token: tie('hidden'), a: tie('free') }) as fc.Arbitrary<Json>,
  ),
  hidden: fc.oneof(
    { depthSize: 'small' },
    secret,
    fc.array(secret, { maxLength: 3 }) as fc.Arbitrary<Json>,
    fc.dictionary(keys, secret, { maxKeys: 3 }) as fc.Arbitrary<Json>,
  ),
})).free

test('rule 30: no secret at a matching path survives anywhere', () => {
  const redactor = createRedactor(['**.token'])
  fc.assert(
    fc.property(holder, (value) => {
      const text = JSON.stringify(value)
      const shown = redactor.json(text)
      expect(shown).not.toContain(CANARY)
      expect(redactor.json(shown)).toBe(shown)
      expect(JSON.stringify(redactor.value(JSON.parse(text)))).toBe(shown)
    }),
    { numRuns: 500 },
  )
})

test('rule 30: no secret of the input survives in a message, an error or another value', () => {
  const redactor = createRedactor(['**.token'])
  fc.assert(
    fc.property(holder, fc.string(), (value, around) => {
      const text = JSON.stringify(value)
      const secrets = redactor.secretsOf(JSON.parse(text))
      const inUrls = JSON.parse(text, (_, part: unknown) =>
        typeof part === 'string' ? encodeURIComponent(part.toWellFormed()) : part,
      )
      const message = `${around}${text}${around}${JSON.stringify(inUrls)}`
      const shown = redactor.error({ name: around, message, stack: message, cause: { name: 'E', message } }, secrets)
      expect(JSON.stringify(shown)).not.toContain(CANARY)
      const plain = secrets.filter((known) => known.includes(CANARY))
      expect(JSON.stringify(redactor.value({ [message]: plain }, secrets))).not.toContain(CANARY)
    }),
    { numRuns: 500 },
  )
})

const segment = fc.constantFrom('a', 'b', '0', '1', '*', '**')

/** What the grammar says, word for word, as slowly as one likes. */
function matches(path: readonly string[], at: readonly string[]): boolean {
  const [first, ...rest] = path
  if (first === undefined) return at.length === 0
  if (first === '**') return matches(rest, at) || (at.length > 0 && matches(path, at.slice(1)))
  return at.length > 0 && (first === '*' || first === at[0]) && matches(rest, at.slice(1))
}

function expected(value: Json, paths: readonly (readonly string[])[], at: readonly string[]): Json {
  if (paths.some((path) => matches(path, at))) return '[redacted]'
  if (Array.isArray(value)) return value.map((child, index) => expected(child, paths, [...at, String(index)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, expected(child, paths, [...at, key])]))
}

test('rule 30: hides exactly what the grammar says, for any paths', () => {
  const tree = fc.letrec<{ node: Json }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'medium' },
      fc.integer(),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', '0', '1'), tie('node'), { maxKeys: 3 }),
    ),
  })).node
  const paths = fc.array(fc.array(segment, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(tree, paths, (value, given) => {
      const redactor = createRedactor(given.map((path) => path.join('.')))
      expect(redactor.value(value)).toEqual(expected(value, given, []))
    }),
    { numRuns: 1_000 },
  )
})
