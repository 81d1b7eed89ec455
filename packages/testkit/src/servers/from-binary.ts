import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Account, accountFor } from './account.ts'
import { findPrograms } from './find-programs.ts'
import { freePorts } from './free-port.ts'
import { type RunningProgram, runProgram, startProgram } from './run-program.ts'
import type { ServerPlace, ServerRecipe } from './server-recipe.ts'
import { type TestServer, testServer } from './test-server.ts'

/** A server that has not said that it is ready by then will not. Milliseconds. */
const READY_WITHIN_MS = 60_000
/** A server that has not ended by then is killed. Milliseconds. */
const STOP_WITHIN_MS = 10_000

/** Starts a server from programs of this machine in a temporary folder; null: they are not here. */
export async function fromBinary(recipe: ServerRecipe): Promise<TestServer | null> {
  const programs = findPrograms(recipe.programs)
  if (programs === null) return null
  const pathOf = (program: string): string => programs.get(program) ?? program
  const account = accountFor(recipe.accounts)
  const folder = makeFolder(recipe, account)
  try {
    const [port = 0, secondPort = 0] = await freePorts(2)
    const place: ServerPlace = { folder, port, secondPort }
    for (const { program, args } of recipe.prepare(place)) await runProgram(pathOf(program), args, account)
    const { program, args } = recipe.run(place)
    const start = (): RunningProgram => startProgram(pathOf(program), args, account)
    let running = start()
    const killAtExit = (): void => void running.child.kill('SIGKILL')
    process.once('exit', killAtExit) // nothing is left behind when the tests end early
    const end = async (): Promise<void> => {
      await endProgram(running, recipe.stopSignal)
      process.off('exit', killAtExit)
      rmSync(folder, { recursive: true, force: true })
    }
    const restart = async (how: 'orderly' | 'crash' = 'orderly'): Promise<void> => {
      await endProgram(running, how === 'crash' ? recipe.crashSignal : recipe.stopSignal)
      running = start()
      await untilReady(running, recipe, end)
    }
    await untilReady(running, recipe, end)
    const { kind } = recipe
    const pid = (): number | null => running.child.pid ?? null
    return testServer({ kind, url: recipe.url('127.0.0.1', port), source: 'binary' }, end, { pid, restart })
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function makeFolder(recipe: ServerRecipe, account: Account | null): string {
  const folder = mkdtempSync(join(tmpdir(), `escapement-${recipe.kind}-`))
  for (const [name, text] of Object.entries(recipe.files)) writeFileSync(join(folder, name), text, { mode: 0o644 })
  if (account !== null) chownSync(folder, account.uid, account.gid)
  return folder
}

async function untilReady(running: RunningProgram, recipe: ServerRecipe, end: () => Promise<void>): Promise<void> {
  const timeout = new AbortController()
  const ready = new Promise<null>((resolve) => {
    running.onOutput((output) => recipe.readyLine.test(output) && resolve(null))
  })
  const tooLate = sleep(READY_WITHIN_MS, `was not ready within ${READY_WITHIN_MS} ms`, { signal: timeout.signal })
  tooLate.catch(() => undefined)
  const failure = await Promise.race([ready, running.ended, tooLate])
  timeout.abort()
  if (failure === null) return
  await end()
  throw new Error(`The test server ${recipe.kind} ${failure}\n${running.output()}`)
}

async function endProgram({ child, ended }: RunningProgram, signal: NodeJS.Signals): Promise<void> {
  const timeout = new AbortController()
  child.kill(signal)
  const kill = sleep(STOP_WITHIN_MS, undefined, { signal: timeout.signal, ref: false }).then(
    () => child.kill('SIGKILL'),
    () => undefined, // it has ended in time
  )
  await ended
  timeout.abort()
  await kill
}
