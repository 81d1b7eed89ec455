import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { HistoryEvent } from '../history/history-event.ts'
import type { ContenderMessage } from './contend.ts'
import { type ContendSettings, SETTINGS_VARIABLE } from './contend-settings.ts'

/** What is run, and who hears of it. */
export interface ContenderOptions {
  /** The path of a script that calls `contend`. */
  readonly script: string
  readonly args: readonly string[]
  readonly settings: ContendSettings
  readonly onEvent: (event: HistoryEvent) => void
  /** It has said something on its error output, or ended by itself. */
  readonly onComplaint: (complaint: string) => void
}

/** What Node says of a feature that it calls experimental, as SQLite in some versions. */
const WARNING = /ExperimentalWarning|--trace-warnings/

/** One process of a contest, seen from the one that started it. */
export class Contender {
  readonly #child: ChildProcess
  readonly #closed: Promise<void>
  /** Resolves when it is about to ask for its first key. Never, when it ends before. */
  readonly ready: Promise<void>

  constructor({ script, args, settings, onEvent, onComplaint }: ContenderOptions) {
    const env = { ...process.env, [SETTINGS_VARIABLE]: JSON.stringify(settings) }
    const child = spawn(process.execPath, [script, ...args], { stdio: 'pipe', env })
    this.#child = child
    const ready = Promise.withResolvers<void>()
    this.ready = ready.promise
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = JSON.parse(line) as ContenderMessage
      if (message.type === 'ready') ready.resolve()
      else onEvent(message)
    })
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!WARNING.test(line)) onComplaint(line)
    })
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL') onComplaint(`a contender ended by itself, with ${signal ?? `code ${code}`}`)
    })
    this.#closed = new Promise((resolve) => child.once('close', () => resolve()))
  }

  /** Ends it wherever it is. Resolves when all that it has said was heard. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  /** Stops it wherever it is, until `continue`. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  continue(): void {
    this.#child.kill('SIGCONT')
  }
}
