import type { Logger } from '@escapement/base'
import { type AttemptTime, SETTLED_AFTER_MS } from './attempt-time.ts'
import type { EmptyServer, QuorumServer, ServerMemory } from './quorum-server.ts'
import { isEmpty, type Quorum } from './quorum.ts'
import type { Round } from './round.ts'

/**
 * Teaches servers that have lost their data what a majority of all still knows. Were they to take part before, a majority
 * could be had that knows less than was granted. Where most have lost their data there is nothing to wait for: they begin
 * anew, by their clocks.
 */
export class Recovery {
  readonly #quorum: Quorum
  readonly #logger: Logger
  /** For how long a server without its data takes no part at least, milliseconds. */
  readonly #quarantineMs: number
  /** What has been told of. */
  readonly #told = new Map<QuorumServer, string>()

  constructor(quorum: Quorum, logger: Logger, quarantineMs: number) {
    this.#quorum = quorum
    this.#logger = logger
    this.#quarantineMs = quarantineMs
  }

  /** Teaches those that have answered `round` that they are empty, as far as it is time. Answers whether any was. */
  async teachEmpty(round: Round<{ readonly kind: string }>, time: AttemptTime): Promise<boolean> {
    const empty = new Map([...round.answers].filter((entry): entry is [QuorumServer, EmptyServer] => isEmpty(entry[1])))
    if (empty.size === 0) return false
    const isAnew = empty.size >= this.#quorum.majority
    const waitMs = Math.max(this.#quarantineMs, isAnew ? 0 : SETTLED_AFTER_MS)
    const ready = [...empty.keys()].filter((server) => (empty.get(server)?.forMs ?? 0) >= waitMs)
    if (ready.length < empty.size) this.#tell(empty, waitMs)
    if (ready.length === 0) return false
    const memory = await this.#recall(time, empty, isAnew)
    if (memory === null) return false
    const taught = await this.#quorum.ask(
      time.leftMs(),
      (server) => server.teach(empty.get(server)?.born ?? '', memory),
      () => false,
      ready,
    )
    return taught.count(Boolean) > 0
  }

  /** What the others know together; null when too few of them can be asked. */
  async #recall(
    time: AttemptTime,
    empty: ReadonlyMap<QuorumServer, EmptyServer>,
    isAnew: boolean,
  ): Promise<ServerMemory | null> {
    const round = await this.#quorum.ask(
      time.leftMs(),
      (server) => server.recall(),
      ({ answers }) => answers.size >= this.#quorum.majority,
      this.#quorum.servers.filter((server) => !empty.has(server)),
    )
    const memories = [...round.answers.values()].filter((memory) => memory !== null)
    return memories.length >= this.#quorum.majority || isAnew ? merged(memories) : null
  }

  #tell(empty: ReadonlyMap<QuorumServer, EmptyServer>, waitMs: number): void {
    for (const [server, { born, forMs }] of empty) {
      if (this.#told.get(server) === born) continue
      this.#told.set(server, born)
      this.#logger.warn(
        `Locks: Redis server ${server.place} is empty, it may have lost its data; it takes no part for ${Math.max(0, waitMs - forMs)} ms`,
      )
    }
  }
}

/** The greatest of everything. */
function merged(memories: readonly ServerMemory[]): ServerMemory {
  const registers = new Map<string, string>()
  for (const [name, value] of memories.flatMap((memory) => [...memory.registers])) {
    if (Number.parseFloat(registers.get(name) ?? '-Infinity') < Number.parseFloat(value)) registers.set(name, value)
  }
  return { high: memories.reduce((most, { high }) => (high > most ? high : most), 0n), registers }
}
