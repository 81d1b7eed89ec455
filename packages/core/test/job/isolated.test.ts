import { expect, it } from 'vitest'
import { isIsolated, isolated } from '../../src/job/isolated.ts'

const url = new URL('file:///srv/job.js')

it('a module runs in a thread unless a process is asked for', () => {
  expect(isolated(url)).toEqual({ kind: 'thread', url: 'file:///srv/job.js' })
  expect(isolated(url, { kind: 'process', resourceLimits: { maxOldGenerationSizeMb: 64 } })).toEqual({
    kind: 'process',
    url: 'file:///srv/job.js',
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  })
})

it('is told from a function', () => {
  expect(isIsolated(isolated(url))).toBe(true)
  for (const other of [() => 1, null, 'file:///srv/job.js', {}, { url: 'x' }]) expect(isIsolated(other)).toBe(false)
})

it.each([
  [() => isolated('./job.js' as never), 'isolated handler is ./job.js; give the file URL of its module'],
  [() => isolated(new URL('https://example.org/job.js')), 'isolated handler is https://example.org/job.js'],
  [() => isolated(url, { kind: 'cloud' as never }), `isolated handler has kind "cloud"; it is 'thread' or 'process'`],
  [
    () => isolated(url, { resourceLimits: { stackSizeMb: 0 } }),
    'isolated handler has stackSizeMb 0; it is a positive number',
  ],
  [
    () => isolated(url, { resourceLimits: { stackSizeMb: '4' as never } }),
    'has stackSizeMb 4; it is a positive number',
  ],
])('refuses bad values: %#', (make, message) => {
  expect(make).toThrow(message)
})
