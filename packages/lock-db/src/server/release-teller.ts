import type { Runtime } from '@escapement/base'
import type { LockTable } from './lock-table.ts'

/** A pool that was ended meanwhile never answers: what is still to be told is waited for so long. Milliseconds. */
const CLOSE_MS = 1_000

const ignore = (): void => undefined

/** Tells those who wait, in the background, that a key was given back. Who misses it asks again a little later. */
export class ReleaseTeller {
  readonly #runtime: Runtime
  readonly #telling = new Set<Promise<void>>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** After the commit, since transactions that notify commit one after the other. */
  tell({ server, statements, channel }: LockTable, key: string): void {
    const told = server
      .run(statements.tell, { channel, payload: key })
      .then(ignore, ignore)
      .finally(() => this.#telling.delete(told))
    this.#telling.add(told)
  }

  /** Resolves when all is told, or after a while: the host may end its pool then. */
  async close(): Promise<void> {
    if (this.#telling.size === 0) return
    const waiting = new AbortController()
    // It keeps the process alive: who waits for the end would else not hear of it where nothing else does.
    const limit = this.#runtime.sleep(CLOSE_MS, waiting.signal).catch(ignore)
    await Promise.race([Promise.all(this.#telling), limit])
    waiting.abort('told')
  }
}
