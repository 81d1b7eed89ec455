import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkStructure } from '../check-structure.ts'

const PACKAGES = { base: ['.'], core: ['.'], db: ['.'], 'store-db': ['.'], audit: ['.', './db'], cli: ['.'] }

/** Problems of a small, sound repository after `files` were added to it, as `rule path`. */
function problemsWith(files: Record<string, string>, without: readonly string[] = []): string[] {
  const root = mkdtempSync(join(tmpdir(), 'structure-'))
  try {
    const sound: Record<string, string> = {}
    for (const [name, entries] of Object.entries(PACKAGES)) {
      const exports = Object.fromEntries(entries.map((entry) => [entry, './src/index.ts']))
      sound[`packages/${name}/package.json`] = JSON.stringify({ name: `@escapement/${name}`, exports })
      sound[`packages/${name}/README.md`] = `# ${name}`
      sound[`packages/${name}/src/index.ts`] = 'export const one = 1\n'
    }
    for (const [path, content] of Object.entries({ ...sound, ...files })) {
      if (without.includes(path)) continue
      mkdirSync(join(root, dirname(path)), { recursive: true })
      writeFileSync(join(root, path), content)
    }
    return checkStructure(root).map(({ rule, path }) => `${rule} ${path}`)
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe('check-structure', () => {
  it('finds nothing in a sound repository', () => {
    expect(problemsWith({})).toEqual([])
  })

  it('finds a package without README', () => {
    expect(problemsWith({}, ['packages/core/README.md'])).toEqual(['readme packages/core'])
  })

  it.each([
    'utils.ts',
    'types.ts',
    'helpers.ts',
    'common.ts',
    'interfaces.ts',
    'leaseKeeper.ts',
    'Lease.ts',
    'a_b.sql',
  ])('finds the file name %s', (name) => {
    expect(problemsWith({ [`packages/core/src/${name}`]: '' })).toEqual([`name packages/core/src/${name}`])
  })

  it('finds a file of 401 lines and allows 400', () => {
    const lines = (count: number): string => '// line\n'.repeat(count)
    expect(problemsWith({ 'packages/core/src/a.ts': lines(401), 'packages/core/src/b.ts': lines(400) })).toEqual([
      'lines packages/core/src/a.ts',
    ])
  })

  it.each([
    ['core', "import { one } from '@escapement/db'"],
    ['core', "import type { One } from '@escapement/db'"],
    ['core', "export * from '@escapement/db'"],
    ['core', "export const load = () => import('@escapement/db')"],
    ['core', "export type One = import('@escapement/db').One"],
    ['base', "import { one } from '@escapement/core'"],
    ['audit', "import { one } from '@escapement/db'"],
    ['core', "import { one } from '../test/one.ts'"],
  ])('finds an arrow that %s may not have: %s', (name, code) => {
    expect(problemsWith({ [`packages/${name}/src/a.ts`]: code })).toEqual([`arrow packages/${name}/src/a.ts`])
  })

  it('allows the arrows of the design', () => {
    expect(
      problemsWith({
        'packages/store-db/src/a.ts': "import '@escapement/base'\nimport '@escapement/core'\nimport '@escapement/db'",
        'packages/audit/src/db/a.ts': "import '@escapement/db'",
        'packages/cli/src/a.ts': "import '@escapement/audit/db'",
        'packages/core/test/a.test.ts': "import '@escapement/store-db'",
      }),
    ).toEqual([])
  })

  it.each([
    ['packages/store-db/src/a.ts', "import '@escapement/core/src/index.ts'"],
    ['packages/store-db/src/a.ts', "import '../../core/src/index.ts'"],
    ['packages/core/test/a.test.ts', "import '@escapement/core/internal'"],
    ['examples/shop/src/a.ts', "import '../../../packages/core/src/index.ts'"],
    ['bench/a.ts', "import '../packages/core/src/index.ts'"],
  ])('finds a deep import in %s: %s', (path, code) => {
    expect(problemsWith({ [path]: code })).toEqual([`deep-import ${path}`])
  })

  it('finds a cycle, also through types', () => {
    expect(
      problemsWith({
        'packages/core/src/a.ts': "import { b } from './b.ts'",
        'packages/core/src/b.ts': "export * from './in/c.ts'",
        'packages/core/src/in/c.ts': "import type { A } from '../a.ts'",
      }),
    ).toEqual(['cycle packages/core/src/a.ts'])
  })

  it.each([
    'Date.now()',
    'globalThis.Date.now()',
    'new Date()',
    'new Date',
    'Date()',
    'setTimeout(() => {}, 1)',
    'globalThis.setInterval(() => {}, 1)',
    'const later = setImmediate',
    'const options = { setTimeout }',
    'Math.random()',
    'crypto.randomUUID()',
    "import { randomUUID } from 'node:crypto'",
    "import { setTimeout as sleep } from 'node:timers/promises'",
    "import { v7 } from 'uuid'",
    "import { performance } from 'node:perf_hooks'",
    'performance.now()',
    'AbortSignal.timeout(1)',
    'process.hrtime.bigint()',
  ])('finds time or chance outside the system runtime: %s', (code) => {
    expect(problemsWith({ 'packages/core/src/a.ts': code })).toContain('time packages/core/src/a.ts:1')
  })

  it.each([
    'new Date(0).toISOString()',
    'Date.UTC(2026, 0)',
    'runtime.setTimeout(1)',
    'const fake = { setTimeout: 1 }',
    "import { createHash } from 'node:crypto'",
    'interface Timers { setTimeout(): void; randomUUID: string }',
    'clearTimeout(1)',
    '// Date.now() in a comment',
  ])('allows %s', (code) => {
    expect(problemsWith({ 'packages/core/src/a.ts': code })).toEqual([])
  })

  it('allows time and chance in the system runtime, in tests and in examples', () => {
    const code = 'setTimeout(() => Math.random(), Date.now())'
    expect(
      problemsWith({
        'packages/base/src/runtime/system-runtime.ts': code,
        'packages/testkit/src/servers/start.ts': code,
        'packages/core/test/a.test.ts': code,
        'examples/shop/src/a.ts': code,
      }),
    ).toEqual([])
  })
})
