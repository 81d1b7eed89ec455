import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeResource } from './contested-resource.ts'
import type { ContestedLock } from './contested-lock.ts'

/** Locks in a SQLite file. There is no server, and a file that is removed stays with those who have it open. */
export async function openContestedFile(): Promise<ContestedLock> {
  const folder = mkdtempSync(join(tmpdir(), 'escapement-contest-'))
  const file = join(folder, 'locks.db')
  await makeResource('sqlite', file)
  const remove = (): Promise<void> => Promise.resolve(rmSync(folder, { recursive: true, force: true }))
  return { args: ['sqlite', file], faults: [], loss: null, [Symbol.asyncDispose]: remove }
}
