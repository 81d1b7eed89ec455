import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A script of the example in a process of its own, and what it has written so far. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #output = ''
  readonly #waiting = new Set<() => void>()

  /** @param script - Relative to this file. */
  constructor(script: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const path = fileURLToPath(new URL(script, import.meta.url))
    this.process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = once(this.process, 'close').then(([code, signal]) => ({ code, signal }))
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        for (const look of this.#waiting) look()
      })
    }
  }

  get output(): string {
    return this.#output
  }

  /** Resolves with the match once the output has one; rejects when the process ends without. */
  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    const found = Promise.withResolvers<RegExpMatchArray>()
    const look = (): void => {
      const match = this.#output.match(pattern)
      if (match !== null) found.resolve(match)
    }
    this.#waiting.add(look)
    void this.exited.then(({ code, signal }) =>
      found.reject(new Error(`ended with ${code ?? signal} before it said ${pattern}:\n${this.#output}`)),
    )
    look()
    return await found.promise.finally(() => this.#waiting.delete(look))
  }

  /** Ends it if it still runs. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
