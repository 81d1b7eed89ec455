import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { SoakWitness } from './attempt-run.ts'
import { readSoakHistory } from './soak-history.ts'
import type { SoakOrder, SoakSetting } from './soak-setting.ts'

/** One process of the soak as its parent sees it. */
export class SoakProcess {
  readonly name: string
  readonly historyPath: string
  /** When the parent killed it, Unix milliseconds; null: it did not. */
  killedAt: number | null = null
  #stoppedAt: number | null = null
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown>
  #hasBegun = false
  #errors = ''

  constructor(name: string, folder: string) {
    this.name = name
    this.historyPath = join(folder, `${name}.jsonl`)
    const script = new URL('./soak-instance.ts', import.meta.url)
    this.#child = fork(script, [this.historyPath], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    this.#exit = once(this.#child, 'exit')
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
  }

  /** Resolves when its code is loaded. */
  async loaded(): Promise<void> {
    await this.#said('loaded')
  }

  /** Starts its scheduler, and resolves when it has started. */
  async begin(setting: SoakSetting): Promise<void> {
    this.order({ order: 'begin', setting })
    await this.#said('started')
    this.#hasBegun = true
  }

  /** Resolves when some of its handlers run. */
  async busy(): Promise<void> {
    this.order({ order: 'tell-when-busy' })
    await this.#said('busy')
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Whether its scheduler has started and nobody has killed it since, as far as is known. */
  get isRunning(): boolean {
    return this.#hasBegun && this.killedAt === null && this.#child.connected
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** What it wrote to its error output, apart from Node's own warnings. */
  get errors(): string {
    const lines = this.#errors.split('\n')
    return lines
      .filter((line) => !/ExperimentalWarning|--trace-warnings/.test(line))
      .join('\n')
      .trim()
  }

  order(order: SoakOrder): void {
    this.#child.send(order)
  }

  kill(): void {
    this.killedAt = Date.now()
    this.#child.kill('SIGKILL')
  }

  /** Stops it wherever it is. */
  stop(): void {
    this.#stoppedAt = Date.now()
    this.#child.kill('SIGSTOP')
  }

  continue(): void {
    this.#child.kill('SIGCONT')
  }

  /** Resolves when it has ended; a process that does not within the limit is killed, and that is an error. */
  async exited(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#child.kill('SIGKILL')
        reject(new Error(`${this.name} did not end within ${limitMs} ms: ${this.#errors}`))
      }, limitMs)
    })
    await Promise.race([this.#exit, late]).finally(() => clearTimeout(timer))
  }

  async #said(word: string): Promise<void> {
    const answer: unknown = await Promise.race([once(this.#child, 'message'), this.#exit])
    const [said] = answer as unknown[]
    if (said !== word) throw new Error(`${this.name} ended before it had ${word}: ${this.#errors}`)
  }

  /** What is wrong about its end: an error, or an exit that nobody asked for; null: nothing. */
  endProblem(): string | null {
    const { exitCode, signalCode } = this.#child
    if (this.errors !== '') return `${this.name}: ${this.errors}`
    if (exitCode === 0 || this.witness().killedAt !== null) return null
    return `${this.name} ended with ${signalCode ?? `code ${exitCode}`}`
  }

  witness(): SoakWitness {
    const notes = readSoakHistory(this.historyPath)
    const at = (kind: 'died-at' | 'stopped'): number | null => notes.find((note) => note.kind === kind)?.at ?? null
    return {
      name: this.name,
      notes,
      killedAt: this.killedAt ?? at('died-at'),
      stoppedAt: this.#stoppedAt ?? at('stopped'),
    }
  }
}
