import {
  currentContext,
  InvalidOptionError,
  parsePrincipal,
  principalText,
  systemRuntime,
  withContext,
} from '@escapement/base'
import type * as original from '../../src/context/ambient-context.ts'
import { describe, expect, it } from 'vitest'

const copyOf: string = '../../src/context/ambient-context.ts?copy'

describe('ambient context', () => {
  it('reaches all that the work starts, laid over what was there, and nothing else', async () => {
    expect(currentContext()).toBeUndefined()
    const seen = await withContext({ job: 'a', principal: { type: 'user', id: '1' } }, async () => {
      await systemRuntime.sleep(1)
      return await withContext({ executionId: 'x' }, async () => {
        await systemRuntime.sleep(1)
        return currentContext()
      })
    })
    expect(seen).toEqual({ job: 'a', principal: { type: 'user', id: '1' }, executionId: 'x' })
    expect(currentContext()).toBeUndefined()
  })

  it('is one for two copies of the package in a process', async () => {
    const copy = (await import(copyOf)) as typeof original
    expect(copy.currentContext).not.toBe(currentContext)
    expect(withContext({ job: 'a' }, () => copy.currentContext())).toEqual({ job: 'a' })
  })
})

describe('principal', () => {
  it.each([
    ['user:42', { type: 'user', id: '42' }],
    ['service:billing', { type: 'service', id: 'billing' }],
    ['system:job/keys.expire', { type: 'system', id: 'job/keys.expire' }],
    ['alice', { type: 'user', id: 'alice' }],
    ['robot:1', { type: 'user', id: 'robot:1' }],
  ] as const)('reads %s', (text, principal) => {
    expect(parsePrincipal(text)).toEqual(principal)
    expect(principalText(text)).toBe(principalText(principal))
  })

  it('refuses one without an id, of an unknown type, or with an endless id', () => {
    expect(() => principalText({ type: 'user', id: '' })).toThrow(InvalidOptionError)
    expect(() => principalText({ type: 'robot' as 'user', id: '1' })).toThrow('needs a type (user, service, system)')
    expect(() => principalText('u'.repeat(256))).toThrow('principal id has 256 characters; at most 255 are kept')
  })
})
