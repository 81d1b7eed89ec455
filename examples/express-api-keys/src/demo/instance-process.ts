import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A line of an instance's log. */
export interface LogEntry {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

/** A process that runs the service. */
export class InstanceProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  /**
   * @param environment - Settings of the service, as environment variables.
   * @param onEntry - Called with each line of its log.
   */
  constructor(name: string, environment: Record<string, string>, onEntry: (entry: LogEntry) => void) {
    this.name = name
    this.#child = fork(new URL('./demo-instance.ts', import.meta.url), {
      env: { ...process.env, ...environment, INSTANCE: name },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // A group of its own: Ctrl-C in a terminal goes to a whole group, and the service takes a second signal for haste.
      detached: true,
    })
    this.#exited = once(this.#child, 'exit')
    createInterface({ input: this.#child.stdout as Readable }).on('line', (line) => onEntry(parseEntry(line)))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<unknown> {
    return this.#exited
  }

  /** Asks it to stop, and waits until it has. Letting go of the channel works on every platform; signals do not. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#exited
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

function parseEntry(line: string): LogEntry {
  try {
    return JSON.parse(line) as LogEntry
  } catch {
    return { level: 'info', message: line }
  }
}
