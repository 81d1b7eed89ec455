import type { Logger } from '@escapement/base'
import { type AttemptTime, SETTLED_AFTER_MS } from './attempt-time.ts'
import type { EmptyServer, QuorumServer, ServerMemory } from './quorum-server.ts'
import type { Quorum } from './quorum.ts'

/**
 * Teaches servers that have lost their data what a majority of all still knows. Were they to take part before, a majority
 * could be had that knows less than was granted. Where most have lost their data there is nothing to wait for: they begin
 * anew, by their clocks.
 */
export class Recovery {
  readonly #quorum: Quorum
  readonly #logger: Logger
  /** For how long a server without its data takes no part at least, milliseconds of its own wall clock, the only one it can be asked for. */
  readonly #quarantineMs: number
  /** What has been told of. */
  readonly #told = new Map<QuorumServer, string>()

  constructor(quorum: Quorum, logger: Logger, quarantineMs: number) {
    this.#quorum = quorum
    this.#logger = logger
    this.#quarantineMs = quarantineMs
  }

  /** Teaches those that have said that they are empty, as far as it is time. Answers whether any was. */
  async teachEmpty(time: AttemptTime): Promise<boolean> {
    const { servers, majority } = this.#quorum
    const empty = new Map(
      servers.flatMap((server) => (server.emptiness === null ? [] : [[server, server.emptiness] as const])),
    )
    if (this.#ready(empty, empty.size >= majority).length === 0) return false
    const recalled = await this.#quorum.ask(
      time.leftMs(),
      (server) => server.recall(),
      // Those that are to be taught are heard, too: which one answers last is not by chance.
      (round) =>
        round.count(({ kind }) => kind === 'memory') >= majority &&
        [...empty.keys()].every((server) => server.isSilent || round.answers.has(server) || round.problems.has(server)),
    )
    // Those that are as empty as before have been so at one time, all of them.
    const still = new Map([...empty].filter(([server, { born }]) => isBorn(recalled.answers.get(server), born)))
    const isAnew = still.size >= majority
    const memories = [...recalled.answers.values()].filter((answer) => answer.kind === 'memory')
    if (!isAnew && memories.length < majority) return false
    const memory = merged(memories)
    const taught = await this.#quorum.ask(
      time.leftMs(),
      (server) => server.teach(still.get(server)?.born ?? '', memory),
      () => false,
      this.#ready(still, isAnew),
    )
    return taught.count(Boolean) > 0
  }

  /** Those that have been out for long enough. */
  #ready(empty: ReadonlyMap<QuorumServer, EmptyServer>, isAnew: boolean): QuorumServer[] {
    const waitMs = Math.max(this.#quarantineMs, isAnew ? 0 : SETTLED_AFTER_MS)
    const ready = [...empty].filter(([, { forMs }]) => forMs >= waitMs)
    if (ready.length < empty.size) this.#tell(empty, waitMs)
    return ready.map(([server]) => server)
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

function isBorn(answer: { readonly kind: string; readonly born?: string } | undefined, born: string): boolean {
  return answer?.kind === 'empty' && answer.born === born
}

/** The greatest of everything. */
function merged(memories: readonly ServerMemory[]): ServerMemory {
  const registers = new Map<string, string>()
  for (const [name, value] of memories.flatMap((memory) => [...memory.registers])) {
    if (Number.parseFloat(registers.get(name) ?? '-Infinity') < Number.parseFloat(value)) registers.set(name, value)
  }
  return { kind: 'memory', high: memories.reduce((most, { high }) => (high > most ? high : most), 0n), registers }
}
