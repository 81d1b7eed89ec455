import type { Runtime } from '@escapement/base'
import { PUNCTUAL_MS } from '@escapement/core'

/** A look from the start that takes longer has read many entries of what is over. Milliseconds. */
const SLOW_MS = 10
/**
 * For how long looks then begin where the last one found something: a multiple of what that look took, within bounds. A
 * server that was frozen during a look would else hide what comes back to it for as long as it pleases. Milliseconds.
 */
const RESTS = 20
const SHORTEST_MS = 1_000
const LONGEST_MS = 12_000
/** What is inserted while a look is made may be a little older than the look. Milliseconds. */
const MARGIN_MS = 100
/**
 * And what takes long to insert is older still, such as a thousand rows on a busy server: where nothing was found, looks
 * begin so much earlier. Milliseconds.
 */
const WIDE_MARGIN_MS = 3_000

/** A priority of a queue, and the earliest `due_at` at which a row of it waits. */
export interface QueueStart {
  readonly queue: string
  readonly priority: number
  readonly since: number
}

/** What a look finds at the beginning of indexes of their own: of each kind the earliest instant at which one may be. */
interface JudgedStarts {
  /** Ticks without a verdict. */
  readonly late: number
  /** When runs have waited for as long as they may. */
  readonly expiry: number
  /** When runs fall due that would not wait. */
  readonly skippable: number
}

/** Where a look begins that does not begin at the start. */
export interface Starts {
  readonly levels: readonly QueueStart[]
  readonly judged: JudgedStarts
  /** For how long looks may still begin here. Milliseconds; 0: one from the start is due. */
  readonly forMs: number
  /** The look from the start that this began with. */
  readonly look: object
}

/** What a look has found: each priority at which something waits, and the first of each kind that is judged. */
export interface FoundStarts {
  readonly levels: readonly QueueStart[]
  readonly judged: Partial<JudgedStarts>
}

/** A look from the start. */
export interface StartLook {
  /** The server's time at its beginning. Unix milliseconds. */
  readonly now: number
  /** How long the server took. Milliseconds. */
  readonly tookMs: number
  /** {@link QueueStarts.forgotten} before it was asked for. */
  readonly forgotten: number
}

interface NamespaceStarts {
  readonly look: object
  /** On the monotonic clock: until then looks begin at the starts. */
  readonly until: number
  readonly queues: ReadonlySet<string>
  readonly levels: Map<string, QueueStart>
  judged: JudgedStarts
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
  #forgotten = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** How often something was forgotten: what comes back during a look, that look may not have seen. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** Where to begin; null: at the start. */
  of(namespace: string, queues: readonly string[]): Starts | null {
    const known = this.#namespaces.get(namespace)
    if (known === undefined || !queues.every((queue) => known.queues.has(queue))) return null
    const asked = new Set(queues)
    const levels = [...known.levels.values()].filter(({ queue }) => asked.has(queue))
    const forMs = Math.max(0, known.until - this.#runtime.monotonic())
    return { levels, judged: known.judged, forMs, look: known.look }
  }

  /** Something has come back that fell due long ago: the next look begins at the start. */
  forget(namespace: string): void {
    this.#forgotten++
    this.#namespaces.delete(namespace)
  }

  /** Notes a look from the start. */
  lookedFromStart(namespace: string, queues: readonly string[], found: FoundStarts, look: StartLook): void {
    const { now, tookMs } = look
    const known = this.#namespaces.get(namespace)
    if (tookMs < SLOW_MS || look.forgotten !== this.#forgotten) return void this.#namespaces.delete(namespace)
    const levels = new Map<string, QueueStart>()
    const usual = queues.map((queue) => ({ queue, priority: 0 }))
    // Where nothing waits now, something may again.
    for (const { queue, priority } of [...usual, ...(known?.levels.values() ?? [])]) {
      levels.set(keyOf(queue, priority), { queue, priority, since: reached(undefined, now) })
    }
    for (const start of found.levels) {
      levels.set(keyOf(start.queue, start.priority), { ...start, since: reached(start.since, now) })
    }
    const restMs = Math.min(Math.max(SHORTEST_MS, tookMs * RESTS), LONGEST_MS)
    this.#namespaces.set(namespace, {
      look,
      until: this.#runtime.monotonic() + restMs,
      queues: new Set(queues),
      levels,
      judged: judgedAfter(found, now),
    })
  }

  /**
   * Notes a look that began at the starts: what it has passed over is over.
   *
   * @returns Whether it has found nothing where it did not begin early enough for what takes long to insert. The next one does.
   */
  lookedOn(namespace: string, given: Starts, found: FoundStarts, now: number): boolean {
    const known = this.#namespaces.get(namespace)
    // A look from the start that was made meanwhile may have found more.
    if (known?.look !== given.look) return true
    const first = new Map(found.levels.map((start) => [keyOf(start.queue, start.priority), start.since]))
    let isNarrow = false
    for (const { queue, priority, since } of given.levels) {
      const key = keyOf(queue, priority)
      const at = first.get(key)
      if (at === undefined && since > now - WIDE_MARGIN_MS) isNarrow = true
      known.levels.set(key, { queue, priority, since: reached(at, now) })
    }
    known.judged = judgedAfter(found, now)
    return isNarrow
  }
}

/** Where to begin after a look that has found its first row at `found`, or none. */
function reached(found: number | undefined, now: number): number {
  return found === undefined ? now - WIDE_MARGIN_MS : Math.min(found, now - MARGIN_MS)
}

/** Of what is late the look has read only what fell due before the time for punctual ticks. */
function judgedAfter({ judged }: FoundStarts, now: number): JudgedStarts {
  return {
    late: judged.late ?? now - PUNCTUAL_MS - WIDE_MARGIN_MS,
    expiry: reached(judged.expiry, now),
    skippable: reached(judged.skippable, now),
  }
}

function keyOf(queue: string, priority: number): string {
  return `${priority} ${queue}`
}
