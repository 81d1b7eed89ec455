import { type ChildProcess, spawn } from 'node:child_process'
import type { Account } from './account.ts'

/** So much of what a program prints is kept for the message of its failure. */
const KEPT_CHARACTERS = 4_000

/** A program that was started, and what it has printed last. */
export interface RunningProgram {
  readonly child: ChildProcess
  readonly output: () => string
  /** Calls `listener` with all that is kept, whenever something was printed. */
  readonly onOutput: (listener: (output: string) => void) => void
  /** Resolves with a description of its end. */
  readonly ended: Promise<string>
}

/** Starts a program, as `account` unless null. */
export function startProgram(
  path: string,
  args: readonly string[],
  account: Account | null,
  environment: Readonly<Record<string, string>> = {},
): RunningProgram {
  const child = spawn(path, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    cwd: '/',
    ...account,
  })
  let output = ''
  const listeners: ((output: string) => void)[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS)
      for (const listener of listeners) listener(output)
    })
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(signal === null ? `ended with code ${code}` : `ended by ${signal}`))
  })
  return { child, output: () => output, onOutput: (listener) => listeners.push(listener), ended }
}

/** Runs a program to its end. Rejects with what it printed unless it ends with 0. */
export async function runProgram(
  path: string,
  args: readonly string[],
  account: Account | null,
  environment?: Readonly<Record<string, string>>,
): Promise<void> {
  const program = startProgram(path, args, account, environment)
  const end = await program.ended
  if (program.child.exitCode !== 0) throw new Error(`${path} ${end}\n${program.output()}`)
}
