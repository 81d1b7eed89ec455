import { Worker } from 'node:worker_threads'
import { DatabaseUnavailableError } from '../error/database-unavailable-error.ts'
import type { SqliteValue } from './sqlite-driver.ts'

/** One statement and what is bound to it. */
export interface SqliteQuery {
  readonly sql: string
  readonly parameters: readonly SqliteValue[]
}

/** Reads beside the own handle. */
export interface SqliteReader {
  /** Runs queries on one snapshot; answers the rows of each. */
  query(queries: readonly SqliteQuery[]): Promise<unknown[][]>
  /** Copies the WAL into the database; answers how many frames it has, -1 if somebody else copies it. Blocks nobody. */
  copyWal(): Promise<number>
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly failure?: { readonly message: string; readonly errcode?: number }
}

/**
 * Reads in a worker thread, started when first needed. It keeps the process alive only while someone waits for it; when
 * it dies, those who wait are told and the next request starts another.
 */
export class WorkerReader implements SqliteReader {
  readonly #path: string
  readonly #file: string
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0

  /**
   * @param path - Where the database is.
   * @param file - How the host named it.
   */
  constructor(path: string, file: string) {
    this.#path = path
    this.#file = file
  }

  async query(queries: readonly SqliteQuery[]): Promise<unknown[][]> {
    return (await this.#ask('query', queries)) as unknown[][]
  }

  async copyWal(): Promise<number> {
    return (await this.#ask('copy', [])) as number
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    this.#lose(worker, undefined)
    worker.ref() // the process must not end before the thread has
    await worker.terminate()
  }

  #ask(kind: 'query' | 'copy', queries: readonly SqliteQuery[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const worker = (this.#worker ??= this.#start())
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ id, kind, queries })
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reader-worker.ts', import.meta.url), {
      workerData: { file: this.#path },
      // Node 22 says that node:sqlite is experimental; once, on the main thread, is enough.
      execArgv: ['--no-warnings'],
    })
    worker.unref()
    worker.on('message', (reply: Reply) => this.#settle(worker, reply))
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', () => this.#lose(worker, undefined))
    return worker
  }

  #settle(worker: Worker, reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0 && this.#worker === worker) worker.unref()
    if (reply.failure === undefined) waiting?.resolve(reply.result)
    else waiting?.reject(Object.assign(new Error(reply.failure.message), { errcode: reply.failure.errcode }))
  }

  #lose(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    const error = new DatabaseUnavailableError(`the thread that reads database "${this.#file}" ended; try again`, {
      cause,
    })
    for (const waiting of lost) waiting.reject(error)
  }
}
