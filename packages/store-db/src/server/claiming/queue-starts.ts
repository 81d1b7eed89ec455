import type { Runtime } from '@escapement/base'

/** A look from the start that takes longer has read many entries of what is over. Milliseconds. */
const SLOW_MS = 10
/** For how long looks then begin where the last one found something: at least, and as a multiple of what that look took. */
const SHORTEST_MS = 1_000
const RESTS = 20
/** What is inserted while a look is made may be a little older than the look. Milliseconds. */
const MARGIN_MS = 100

/** A priority of a queue, and the earliest `due_at` at which a row of it waits. */
export interface QueueStart {
  readonly queue: string
  readonly priority: number
  readonly since: number
}

interface NamespaceStarts {
  /** On the monotonic clock: until then looks begin at the starts. */
  readonly until: number
  readonly queues: ReadonlySet<string>
  readonly starts: Map<string, QueueStart>
}

/**
 * Remembers where the rows of queues begin. As long as a transaction is open, PostgreSQL keeps the index entries of all
 * rows that were removed since it began (InnoDB does as well), and a look from the start reads them all. Once that takes
 * long, looks begin where something was found before, and only one in a while begins at the start: it finds what was
 * inserted behind, such as by a transaction that has taken long to commit.
 */
export class QueueStarts {
  readonly #runtime: Runtime
  readonly #namespaces = new Map<string, NamespaceStarts>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Where to begin; null: at the start. */
  of(namespace: string, queues: readonly string[]): readonly QueueStart[] | null {
    const known = this.#namespaces.get(namespace)
    if (known === undefined || this.#runtime.monotonic() >= known.until) return null
    if (!queues.every((queue) => known.queues.has(queue))) return null
    const asked = new Set(queues)
    return [...known.starts.values()].filter(({ queue }) => asked.has(queue))
  }

  /**
   * Notes a look from the start.
   *
   * @param found - Each priority at which something waits, with the earliest `due_at`.
   * @param when - The server's time at its beginning, and how long the server took.
   */
  lookedFromStart(
    namespace: string,
    queues: readonly string[],
    found: readonly QueueStart[],
    when: { readonly now: number; readonly tookMs: number },
  ): void {
    const { now, tookMs } = when
    if (tookMs < SLOW_MS) {
      this.#namespaces.delete(namespace)
      return
    }
    const starts = new Map<string, QueueStart>()
    const before = this.#namespaces.get(namespace)?.starts.values() ?? []
    const usual = queues.map((queue) => ({ queue, priority: 0 }))
    // Where nothing waits now, something may again.
    for (const { queue, priority } of [...usual, ...before]) {
      starts.set(keyOf(queue, priority), { queue, priority, since: now - MARGIN_MS })
    }
    for (const start of found)
      starts.set(keyOf(start.queue, start.priority), { ...start, since: Math.min(start.since, now - MARGIN_MS) })
    const until = this.#runtime.monotonic() + Math.max(SHORTEST_MS, tookMs * RESTS)
    this.#namespaces.set(namespace, { until, queues: new Set(queues), starts })
  }

  /** Notes a look that began at the starts: what it has passed over is over. */
  lookedOn(namespace: string, given: readonly QueueStart[], found: readonly QueueStart[], now: number): void {
    const starts = this.#namespaces.get(namespace)?.starts
    if (starts === undefined) return
    const first = new Map(found.map((start) => [keyOf(start.queue, start.priority), start.since]))
    for (const { queue, priority, since } of given) {
      const key = keyOf(queue, priority)
      const reached = Math.min(first.get(key) ?? Number.POSITIVE_INFINITY, now - MARGIN_MS)
      starts.set(key, { queue, priority, since: Math.max(since, reached) })
    }
  }
}

function keyOf(queue: string, priority: number): string {
  return `${priority} ${queue}`
}
