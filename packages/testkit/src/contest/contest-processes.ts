import type { HistoryEvent } from '../history/history-event.ts'
import { Contender, type ContenderOptions } from './contender.ts'
import type { ContestStage } from './contest-fault.ts'
import { sharedNow } from './shared-clock.ts'

/** The processes of a contest, and what they have said. */
export class ContestProcesses implements ContestStage, AsyncDisposable {
  readonly history: HistoryEvent[] = []
  readonly complaints: string[] = []
  readonly #options: Pick<ContenderOptions, 'script' | 'args' | 'settings'>
  readonly #contenders = new Set<Contender>()
  /** Rejects when a process complains: nothing that comes after it can be judged. */
  readonly #failed = Promise.withResolvers<never>()
  readonly #killAtExit: () => void
  /** When the last holder was found that something is to happen to. */
  struckAt: number = Number.NEGATIVE_INFINITY
  #onKey: ((key: string) => void) | undefined
  #onGrant: ((contender: Contender) => void) | undefined

  constructor(options: Pick<ContenderOptions, 'script' | 'args' | 'settings'>) {
    this.#options = options
    this.#failed.promise.catch(() => undefined)
    this.#killAtExit = () => this.#contenders.forEach((contender) => void contender.kill())
    process.once('exit', this.#killAtExit) // also those that are stopped
  }

  /** Starts so many, and resolves when all of them contend. */
  async start(count: number): Promise<void> {
    const started = Array.from({ length: count }, () => this.#start())
    await this.#unlessFailed(Promise.all(started.map((contender) => contender.ready)))
  }

  nextHolder(): Promise<Contender> {
    const { promise, resolve } = Promise.withResolvers<Contender>()
    this.#onGrant = resolve
    return this.#unlessFailed(promise)
  }

  /** Resolves when each of these keys has been granted from now on. */
  async allGranted(keys: readonly string[]): Promise<void> {
    const missing = new Set(keys)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onKey = (key) => {
      missing.delete(key)
      if (missing.size === 0) resolve()
    }
    await this.#unlessFailed(promise)
  }

  async replace(contender: Contender): Promise<void> {
    this.#contenders.delete(contender)
    await contender.kill()
    this.#start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#contenders].map((contender) => contender.kill()))
    process.off('exit', this.#killAtExit)
  }

  #start(): Contender {
    const contender: Contender = new Contender({
      ...this.#options,
      onEvent: (event) => {
        this.history.push(event)
        if (event.type !== 'granted') return
        this.#onKey?.(event.key)
        if (this.#onGrant === undefined) return
        this.struckAt = sharedNow()
        this.#onGrant(contender)
        this.#onGrant = undefined
      },
      onComplaint: (complaint) => {
        this.complaints.push(complaint)
        this.#failed.reject(new Error(`a contender complained: ${complaint}`))
      },
    })
    this.#contenders.add(contender)
    return contender
  }

  #unlessFailed<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#failed.promise])
  }
}
