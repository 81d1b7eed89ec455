import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const CLASS = /export class (\w+) extends EscapementError/
const ROW = /^\| `(\w+)` +\| `(ERR_\w+)` +\| (yes|no) +\| \S/gm

/** `name code retryable` of every error class. */
function classes(): string[] {
  const files = globSync('packages/*/src/**/*-error.ts', { cwd: ROOT }).map((path) =>
    readFileSync(join(ROOT, path), 'utf8'),
  )
  return files.flatMap((source) => {
    const [, name] = CLASS.exec(source) ?? []
    const [, code] = /readonly code = '(ERR_\w+)'/.exec(source) ?? []
    const [, isRetryable] = /readonly retryable = (true|false)/.exec(source) ?? []
    return name === undefined ? [] : [`${name} ${code} ${isRetryable === 'true' ? 'yes' : 'no'}`]
  })
}

it('docs/errors.md has each error class once, with its code and whether a retry helps', () => {
  const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
  const rows = [...page.matchAll(ROW)].map(([, name, code, retryable]) => `${name} ${code} ${retryable}`)
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.toSorted()).toEqual(classes().toSorted())
})
