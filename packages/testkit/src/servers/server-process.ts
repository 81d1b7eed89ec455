import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from './process-tree.ts'
import type { RunningProgram } from './run-program.ts'
import type { ServerRecipe } from './server-recipe.ts'

/** A server that has not said that it is ready by then will not. Milliseconds. */
const READY_WITHIN_MS = 60_000
/** A server that has not ended by then is killed. Milliseconds. */
const STOP_WITHIN_MS = 10_000

/** A server that was started from a binary, with all its processes. */
export class ServerProcess {
  readonly #recipe: Pick<ServerRecipe, 'kind' | 'readyLine' | 'stopSignal' | 'crashSignal'>
  readonly #start: () => RunningProgram
  readonly #forget: () => Promise<void>
  #running: RunningProgram
  #frozen: readonly number[] = []

  private constructor(recipe: ServerRecipe, start: () => RunningProgram, forget: () => Promise<void>) {
    this.#recipe = recipe
    this.#start = start
    this.#forget = forget
    this.#running = start()
  }

  /**
   * Starts a server, and resolves when it is ready. One that does not get ready is ended.
   *
   * @param forget - Makes the place of a server that has ended one of a new server.
   */
  static async start(
    recipe: ServerRecipe,
    start: () => RunningProgram,
    forget: () => Promise<void>,
  ): Promise<ServerProcess> {
    const started = new ServerProcess(recipe, start, forget)
    await started.#ready()
    return started
  }

  /** The first of its processes, another one after each restart. */
  get pid(): number {
    return this.#running.child.pid ?? 0
  }

  /**
   * Ends it and starts it again at the same place with the data that it keeps, and resolves when it is ready.
   *
   * @param how - `orderly` (the default) ends open sessions first, `crash` nothing.
   * @param whileDown - What is awaited in between.
   */
  async restart(how: 'orderly' | 'crash' = 'orderly', whileDown?: () => Promise<unknown>): Promise<void> {
    await this.end(how)
    await whileDown?.()
    this.#running = this.#start()
    await this.#ready()
  }

  /** Ends it as in a crash and starts it again at the same place with nothing of what it kept, and resolves when it is ready. */
  async restartEmpty(): Promise<void> {
    await this.end('crash')
    await this.#forget()
    this.#running = this.#start()
    await this.#ready()
  }

  /** Stops all its processes where they are, until `thaw`: connections stay open, and nothing answers. */
  freeze(): void {
    // The first one before the others are looked for: it starts no more then.
    process.kill(this.pid, 'SIGSTOP')
    this.#frozen = processTree(this.pid)
    for (const pid of this.#frozen) signal(pid, 'SIGSTOP')
  }

  /** Lets it go on. Nothing happens to one that is not frozen. */
  thaw(): void {
    for (const pid of this.#frozen.toReversed()) signal(pid, 'SIGCONT')
    this.#frozen = []
  }

  /** Ends it for good, as `restart` does. */
  async end(how: 'orderly' | 'crash' = 'orderly'): Promise<void> {
    const { child, ended } = this.#running
    const timeout = new AbortController()
    this.thaw()
    child.kill(how === 'crash' ? this.#recipe.crashSignal : this.#recipe.stopSignal)
    const kill = sleep(STOP_WITHIN_MS, undefined, { signal: timeout.signal, ref: false }).then(
      () => child.kill('SIGKILL'),
      () => undefined, // it has ended in time
    )
    await ended
    timeout.abort()
    await kill
  }

  /** Ends it without waiting, when this process exits. */
  kill(): void {
    this.thaw()
    this.#running.child.kill('SIGKILL')
  }

  async #ready(): Promise<void> {
    const { kind, readyLine } = this.#recipe
    const running = this.#running
    const timeout = new AbortController()
    const ready = new Promise<null>((resolve) => {
      running.onOutput((output) => readyLine.test(output) && resolve(null))
    })
    const tooLate = sleep(READY_WITHIN_MS, `was not ready within ${READY_WITHIN_MS} ms`, { signal: timeout.signal })
    tooLate.catch(() => undefined)
    const failure = await Promise.race([ready, running.ended, tooLate])
    timeout.abort()
    if (failure === null) return
    await this.end()
    throw new Error(`The test server ${kind} ${failure}\n${running.output()}`)
  }
}

/** One that has ended meanwhile is past all signals. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
