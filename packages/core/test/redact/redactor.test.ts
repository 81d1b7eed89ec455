import { InvalidOptionError } from '@escapement/base'
import { describe, expect, test } from 'vitest'
import { createRedactor } from '../../src/redact/redactor.ts'

const hidden = '[redacted]'

describe('paths', () => {
  test.each([
    ['password', { password: 'x', user: { password: 'y' } }, { password: hidden, user: { password: 'y' } }],
    ['user.password', { password: 'x', user: { password: 'y' } }, { password: 'x', user: { password: hidden } }],
    ['users.*.token', { users: [{ token: 1 }, { token: 2 }] }, { users: [{ token: hidden }, { token: hidden }] }],
    ['users.1', { users: ['a', 'b', 'c'] }, { users: ['a', hidden, 'c'] }],
    [
      '*.token',
      { a: { token: 1 }, b: { token: 2 }, token: 3 },
      { a: { token: hidden }, b: { token: hidden }, token: 3 },
    ],
    ['**.token', { token: 1, a: [{ b: { token: { deep: 2 } } }] }, { token: hidden, a: [{ b: { token: hidden } }] }],
    ['a.**.z', { a: { z: 1, b: { c: { z: 2 } } }, z: 3 }, { a: { z: hidden, b: { c: { z: hidden } } }, z: 3 }],
    ['a.**', { a: { b: 1 }, c: 2 }, { a: hidden, c: 2 }],
    ['**.**.x', { x: 1, y: [{ x: 2 }] }, { x: hidden, y: [{ x: hidden }] }],
    ['**', { a: 1 }, hidden],
    ['*', { a: 1, b: [2] }, { a: hidden, b: hidden }],
    ['nothing.here', { a: 1 }, { a: 1 }],
  ])('rule 30: %s hides what it names and nothing else', (path, value, expected) => {
    const redactor = createRedactor([path])
    expect(redactor.value(value)).toEqual(expected)
    expect(redactor.json(JSON.stringify(value))).toBe(JSON.stringify(expected))
  })

  test.each([
    ['', "redact path '' has an empty key"],
    ['a..b', "redact path 'a..b' has an empty key"],
    ['.a', "redact path '.a' has an empty key"],
    ['tok*', "redact path 'tok*' has the key 'tok*'"],
    ['items[0].token', "redact path 'items[0].token' has the key 'items[0]'"],
    [7, 'redact holds a value of type number'],
    [null, 'redact holds a value of type null'],
  ])('refuses %j and says how a path is written', (path, message) => {
    const refused = (): unknown => createRedactor(['fine', path as string])
    expect(refused).toThrow(InvalidOptionError)
    expect(refused).toThrow(message)
    expect(refused).toThrow('keys joined by dots')
  })
})

describe('values', () => {
  test('rule 30: without paths everything is what it was', () => {
    const redactor = createRedactor([])
    const value = { password: 'hunter22' }
    expect(redactor.value(value)).toBe(value)
    expect(redactor.json('{"password": "hunter22"}')).toBe('{"password": "hunter22"}')
    expect(redactor.json(null)).toBeNull()
    expect(redactor.secretsOf(value)).toEqual([])
  })

  test('stay the same objects where nothing is hidden, and are never changed', () => {
    const redactor = createRedactor(['a.secret'])
    const value = Object.freeze({ a: Object.freeze({ secret: 'x', n: 1 }), b: Object.freeze({ c: 1 }) })
    const shown = redactor.value(value) as typeof value
    expect(shown).toEqual({ a: { secret: hidden, n: 1 }, b: { c: 1 } })
    expect(shown.b).toBe(value.b)
    expect(redactor.value(value.b)).toBe(value.b)
    expect(redactor.json('{"b": 1}')).toBe('{"b": 1}')
    expect(redactor.json(null)).toBeNull()
  })

  test('are seen as JSON sees them', () => {
    const redactor = createRedactor(['account.token', 'at.secret'])
    const account = { toJSON: () => ({ token: 'leaks', id: 1 }) }
    const at = new Date(0)
    expect(redactor.value({ account, at })).toEqual({
      account: { token: hidden, id: 1 },
      at: '1970-01-01T00:00:00.000Z',
    })
    expect(redactor.secretsOf({ account, at })).toEqual(['leaks'])
  })

  test('that are undefined stay so, and whatever else is at a path is hidden', () => {
    const redactor = createRedactor(['*'])
    expect(redactor.value({ a: undefined, b: null, c: 0, d: false, e: 1n })).toEqual({
      a: undefined,
      b: hidden,
      c: hidden,
      d: hidden,
      e: hidden,
    })
  })

  test('that contain themselves end the walk', () => {
    const value: Record<string, unknown> = { name: 'loop', secret: { pin: '987654' } }
    value['self'] = value
    ;(value['secret'] as Record<string, unknown>)['back'] = value
    const redactor = createRedactor(['**.secret'])
    expect(redactor.value(value)).toEqual({ name: 'loop', secret: hidden, self: '[circular]' })
    expect(redactor.secretsOf(value)).toContain('987654')
  })

  test('that share parts a thousand times over are searched in time', () => {
    let shared: unknown = { token: 'shared-secret' }
    for (let depth = 0; depth < 60; depth++) shared = { left: shared, right: shared }
    expect(createRedactor(['**.token']).secretsOf(shared)).toEqual(['shared-secret'])
  })

  test('end the walk also where the paths have more states than are kept', () => {
    const path = `**.a.${Array.from({ length: 14 }, () => '*').join('.')}.token`
    const loop: Record<string, unknown> = { token: 'loop-secret' }
    Object.assign(loop, { a: loop, b: loop })
    expect(createRedactor([path]).secretsOf(loop)).toEqual(['loop-secret'])
  })

  test('that nest too deep are hidden from there on, and end no stack', () => {
    const text = `${'['.repeat(100_000)}"deep-secret"${']'.repeat(100_000)}`
    const redactor = createRedactor(['**.token'])
    expect(redactor.json(text)).not.toContain('deep-secret')
    expect(redactor.secretsOf(JSON.parse(text))).toEqual([])
  })

  test('cannot reach a prototype through their keys', () => {
    const redactor = createRedactor(['**.token'])
    const text = '{"__proto__":{"token":"abcd","isAdmin":true},"constructor":{"prototype":{"token":"efgh"}}}'
    const shown = redactor.value(JSON.parse(text)) as { isAdmin?: unknown }
    expect(JSON.stringify(shown)).toBe(
      `{"__proto__":{"token":"${hidden}","isAdmin":true},"constructor":{"prototype":{"token":"${hidden}"}}}`,
    )
    expect(Object.getPrototypeOf(shown)).toBe(Object.prototype)
    expect(shown.isAdmin).toBeUndefined()
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined()
    expect(createRedactor(['__proto__.token']).json(text)).toContain('"__proto__":{"token":"[redacted]"')
  })

  test('that are not JSON are hidden as a whole', () => {
    expect(createRedactor(['token']).json('{"token": "abcd')).toBe('"[redacted]"')
  })

  test('are walked in time, fifty thousand rows with fifty paths', () => {
    const redactor = createRedactor(Array.from({ length: 50 }, (_, index) => `**.key${index}.*.token`))
    const rows = Array.from({ length: 50_000 }, (_, index) => ({ id: index, key7: { a: { token: `tok-${index}` } } }))
    const shown = redactor.value(rows) as typeof rows
    expect(shown.every((row) => row.key7.a.token === hidden)).toBe(true)
    expect(redactor.secretsOf(rows)).toHaveLength(50_000)
  }, 10_000)
})

describe('secrets', () => {
  const redactor = createRedactor(['card', '**.token'])

  test('are the text and numbers at and below the paths, at least four characters long, longest first', () => {
    const input = { card: { number: 4111111111111111, cvc: '123', holder: 'Ada' }, a: [{ token: 'tok-1' }], b: 'free' }
    expect(redactor.secretsOf(input)).toEqual(['4111111111111111', 'tok-1'])
  })

  test('are also known as they look in JSON text and in a URL', () => {
    expect(redactor.secretsOf({ token: 'p"ss wörd' })).toEqual(['p%22ss%20w%C3%B6rd', 'p\\"ss wörd', 'p"ss wörd'])
  })

  test('leave text, whole where one is part of another', () => {
    const secrets = redactor.secretsOf({ a: { token: 'abcd' }, b: { token: 'abcdef' } })
    expect(redactor.scrub('got abcdef and abcd', secrets)).toBe(`got ${hidden} and ${hidden}`)
  })

  test('leave errors: name, message, stack, code and causes', () => {
    const secrets = redactor.secretsOf({ token: 'tok-1234' })
    const record = {
      name: 'E-tok-1234',
      message: 'no user for tok-1234',
      stack: 'Error: no user for tok-1234\n    at x (/a.js?tok-1234)',
      code: 'tok-1234',
      cause: { name: 'Error', message: 'tok-1234 refused' },
    }
    const shown = redactor.error(record, secrets)
    expect(JSON.stringify(shown)).not.toContain('tok-1234')
    expect(shown).toMatchObject({
      message: `no user for ${hidden}`,
      cause: { name: 'Error', message: `${hidden} refused` },
    })
    expect(redactor.error(record, [])).toBe(record)
  })

  test('leave values wherever they stand when they are named', () => {
    const secrets = redactor.secretsOf({ token: 'tok-1234', card: 987654 })
    const value = { note: 'used tok-1234', 'tok-1234': [987654, 1, true], n: null }
    expect(redactor.value(value, secrets)).toEqual({ note: `used ${hidden}`, [hidden]: [hidden, 1, true], n: null })
    expect(redactor.json(JSON.stringify(value), secrets)).not.toMatch(/tok-1234|987654/)
  })
})
