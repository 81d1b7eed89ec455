import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** New file names in a folder for the tests of one file; gone afterwards. */
export function temporaryFiles(): () => string {
  let folder = ''
  let files = 0
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'escapement-db-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return () => join(folder, `${files++}.db`)
}
