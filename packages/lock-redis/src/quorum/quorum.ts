import { type EscapementError, type Runtime, TimerQueue } from '@escapement/base'
import { type QuorumServerProblem, RedisQuorumUnavailableError } from '../error/redis-quorum-unavailable-error.ts'
import { RedisUnusableError } from '../error/redis-unusable-error.ts'
import { AttemptTime } from './attempt-time.ts'
import type { EmptyServer, QuorumServer } from './quorum-server.ts'
import { Round } from './round.ts'

/** The longest that servers are awaited in one attempt, milliseconds: who does not want to wait for a lock waits a second. */
const LONGEST_ATTEMPT_MS = 800

/** Servers of which a majority must agree, and the ways to ask them. */
export class Quorum {
  readonly servers: readonly QuorumServer[]
  readonly majority: number
  /** So many make a majority of the others impossible. */
  readonly minority: number
  readonly #runtime: Runtime
  readonly #timers: TimerQueue

  constructor(servers: readonly QuorumServer[], runtime: Runtime) {
    this.servers = servers
    this.majority = Math.floor(servers.length / 2) + 1
    this.minority = servers.length - this.majority + 1
    this.#runtime = runtime
    this.#timers = new TimerQueue(runtime, { keepAlive: false })
  }

  /** Begins an attempt that concerns a lease of `ttlMs`. */
  attempt(ttlMs: number = Number.POSITIVE_INFINITY): AttemptTime {
    return new AttemptTime(this.#runtime, Math.min(LONGEST_ATTEMPT_MS, ttlMs / 8))
  }

  /** Those that take part first, each in its place: whoever asks meets the others at the same server. */
  inOrder(): QuorumServer[] {
    return this.servers.toSorted((a, b) => Number(a.isBehind) - Number(b.isBehind))
  }

  /** Whether all that take part have been heard. */
  isHeard({ answers, problems }: Round<unknown>): boolean {
    return this.servers.every((server) => server.isBehind || answers.has(server) || problems.has(server))
  }

  /** Asks servers, by default all, at once, for at most `limitMs`. */
  async ask<Answer>(
    limitMs: number,
    question: (server: QuorumServer) => Promise<Answer>,
    isDecided: (round: Round<Answer>, open: number) => boolean,
    servers: readonly QuorumServer[] = this.servers,
  ): Promise<Round<Answer>> {
    const round = new Round<Answer>(this.#timers)
    await round.ask(servers, question, limitMs, (open) => isDecided(round, open))
    return round
  }

  /**
   * Asks one server after the other until one takes part, the leader; then all that are left at once. Of many who ask
   * for the same thing all but one are turned away by their leader, instead of taking a part of the servers each.
   *
   * @param question - Is given what the leader has said, null before that.
   * @param isEnough - Whether the leader's answer decides it all.
   */
  async askInTurn<Answer extends { readonly kind: string }>(
    time: AttemptTime,
    question: (server: QuorumServer, led: Answer | null) => Promise<Answer | EmptyServer>,
    isEnough: (led: Answer) => boolean,
    isDecided: (round: Round<Answer | EmptyServer>, open: number) => boolean,
  ): Promise<Round<Answer | EmptyServer>> {
    const round = new Round<Answer | EmptyServer>(this.#timers)
    const waiting = this.inOrder()
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await round.ask([next], (server) => question(server, null), time.shareMs(this.minority + 1))
      const led = round.answers.get(next)
      if (led !== undefined && !isEmpty(led)) {
        const isOver = isEnough(led)
        if (!isOver) {
          await round.ask(
            waiting,
            (server) => question(server, led),
            time.leftMs(),
            (open) => isDecided(round, open),
          )
        }
        break
      }
      if (round.problems.size >= this.minority) break
    }
    return round
  }

  /** Too few have helped: what was wrong with each of the others, and whether asking again can help. */
  unavailable(round: Round<unknown>): RedisQuorumUnavailableError | RedisUnusableError {
    const problems = this.servers.flatMap((server): QuorumServerProblem[] => {
      const cause = round.problems.get(server)
      const problem = cause === undefined ? emptiness(round.answers.get(server)) : problemOf(cause)
      return problem === null ? [] : [{ server: server.place, problem, cause: cause ?? null }]
    })
    const error = new RedisQuorumUnavailableError({ count: this.servers.length, needed: this.majority }, problems)
    const unusable = problems.filter(({ cause }) => cause?.retryable === false)
    const [first] = unusable
    if (first === undefined || unusable.length < this.minority) return error
    return new RedisUnusableError(
      `Redis: of ${this.servers.length} servers ${unusable.length} cannot be used (server ${first.server}: ${first.problem})`,
      {
        cause: error,
      },
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
    this.#timers.close()
  }
}

/** Whether a server takes no part because it has lost its data. */
export function isEmpty(answer: { readonly kind: string }): answer is EmptyServer {
  return answer.kind === 'empty'
}

function problemOf(cause: EscapementError | null): string {
  return cause === null ? 'no answer in time' : cause.message
}

function emptiness(answer: unknown): string | null {
  const isKind = typeof answer === 'object' && answer !== null && 'kind' in answer
  return isKind && answer.kind === 'empty' ? 'it has lost its data, or is new, and takes no part yet' : null
}
