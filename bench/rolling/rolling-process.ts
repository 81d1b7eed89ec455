import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** An instance in a process of its own. */
export class RollingProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** @throws Error when it ends before it takes work. */
  static async start(script: string, url: string, args: readonly string[]): Promise<RollingProcess> {
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`${args.join(' ')} ended with ${String(code)} before it took work`)
    })
    await Promise.race([once(child.stdout, 'data'), ended])
    ended.catch(() => undefined)
    return new RollingProcess(child)
  }

  /** Stops it as a deploy does. @throws Error when it does not end well. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const [code] = (await ended) as [number | null]
    if (code !== 0) throw new Error(`the instance ended with ${String(code)}`)
  }

  /** Ends it whatever it does. */
  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
  }
}
