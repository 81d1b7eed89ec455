import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Account, accountFor } from './account.ts'
import { findPrograms } from './find-programs.ts'
import { freePorts } from './free-port.ts'
import { runProgram, startProgram } from './run-program.ts'
import { ServerProcess } from './server-process.ts'
import type { ServerPlace, ServerRecipe } from './server-recipe.ts'
import { type TestServer, testServer } from './test-server.ts'

/**
 * Starts a server from programs of this machine in a temporary folder; null: they are not here.
 *
 * @param moreArgs - Added to those of the recipe, and stronger.
 */
export async function fromBinary(recipe: ServerRecipe, moreArgs: readonly string[] = []): Promise<TestServer | null> {
  const programs = findPrograms(recipe.programs)
  if (programs === null) return null
  const pathOf = (program: string): string => programs.get(program) ?? program
  const account = accountFor(recipe.accounts)
  const folder = makeFolder(recipe, account)
  try {
    const [port = 0, secondPort = 0] = await freePorts(2)
    const place: ServerPlace = { folder, port, secondPort }
    const prepare = async (): Promise<void> => {
      for (const { program, args } of recipe.prepare(place)) await runProgram(pathOf(program), args, account)
    }
    const forget = async (): Promise<void> => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
      writeFiles(recipe, folder)
      await prepare()
    }
    await prepare()
    const { program, args } = recipe.run(place)
    const running = await ServerProcess.start(
      recipe,
      () => startProgram(pathOf(program), [...args, ...moreArgs], account),
      forget,
    )
    const killAtExit = (): void => running.kill()
    process.once('exit', killAtExit) // nothing is left behind when the tests end early
    const end = async (): Promise<void> => {
      await running.end()
      process.off('exit', killAtExit)
      rmSync(folder, { recursive: true, force: true })
    }
    const { kind } = recipe
    return testServer({ kind, url: recipe.url('127.0.0.1', port), source: 'binary' }, end, running)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function makeFolder(recipe: ServerRecipe, account: Account | null): string {
  const folder = mkdtempSync(join(tmpdir(), `escapement-${recipe.kind}-`))
  writeFiles(recipe, folder)
  if (account !== null) chownSync(folder, account.uid, account.gid)
  return folder
}

function writeFiles({ files }: ServerRecipe, folder: string): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 })
}
