import { EscapementError, InvalidOptionError, quietLogger } from '@escapement/base'
import type * as original from '../../src/error/escapement-error.ts'
import { describe, expect, it, vi } from 'vitest'

const copyOf: string = '../../src/error/escapement-error.ts?copy'

describe('EscapementError', () => {
  it('is known again when it comes from another copy of the package', async () => {
    const copy = (await import(copyOf)) as typeof original
    const error = new InvalidOptionError('no')
    expect(copy.EscapementError).not.toBe(EscapementError)
    expect(error).not.toBeInstanceOf(copy.EscapementError)
    expect(copy.EscapementError.is(error)).toBe(true)
    expect(EscapementError.is(new Error('no'))).toBe(false)
    expect(EscapementError.is(null)).toBe(false)
    expect([error.name, error.code, error.retryable]).toEqual(['InvalidOptionError', 'ERR_INVALID_OPTION', false])
  })
})

describe('quietLogger', () => {
  it('writes warnings and errors and drops the rest', () => {
    const written: unknown[][] = []
    const warn = vi.spyOn(console, 'warn').mockImplementation((...line) => void written.push(line))
    const error = vi.spyOn(console, 'error').mockImplementation((...line) => void written.push(line))
    quietLogger.debug('d')
    quietLogger.info('i')
    quietLogger.warn('w')
    quietLogger.warn('w', { a: 1 })
    quietLogger.error('e')
    quietLogger.error('e', { a: 1 })
    warn.mockRestore()
    error.mockRestore()
    expect(written).toEqual([['w'], ['w', { a: 1 }], ['e'], ['e', { a: 1 }]])
  })
})
