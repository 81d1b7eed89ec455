import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type InstanceEnvironment, toVariables } from '../instance/instance-environment.ts'

/** A line of an instance's log. */
export interface LogEntry {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

/** A process in which an instance runs. */
export class InstanceProcess {
  readonly name: string
  /** Resolves when the process has ended. */
  readonly exited: Promise<unknown>
  readonly #child: ChildProcess

  /** @param onEntry - Called with each line of its log. */
  constructor(environment: InstanceEnvironment, onEntry: (entry: LogEntry) => void) {
    this.name = environment.instance
    this.#child = fork(new URL('../instance/main.ts', import.meta.url), {
      env: { ...process.env, ...toVariables(environment) },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // A group of its own: Ctrl-C in a terminal goes to a whole group, and the conductor stops the instances itself.
      detached: true,
    })
    this.exited = once(this.#child, 'exit')
    createInterface({ input: this.#child.stdout as Readable }).on('line', (line) => onEntry(parseEntry(line)))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Asks it to stop, and waits until it has. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.exited
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Stops it in the middle of what it does, as a machine that hangs; it cannot notice. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }
}

function parseEntry(line: string): LogEntry {
  try {
    return JSON.parse(line) as LogEntry
  } catch {
    return { level: 'info', message: line }
  }
}
