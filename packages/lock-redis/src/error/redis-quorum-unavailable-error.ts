import { EscapementError } from '@escapement/base'

/** Why one server of a quorum did not help. */
export interface QuorumServerProblem {
  /** Its place among the clients that were given, from 1. */
  readonly server: number
  readonly problem: string
  /** The error of its client, or null when it has not answered, or has lost its data. */
  readonly cause: EscapementError | null
}

/** Too few servers of a quorum have answered; a later call may succeed. The cause of a `LockUnavailableError`. */
export class RedisQuorumUnavailableError extends EscapementError {
  override readonly name: string = 'RedisQuorumUnavailableError'
  readonly code = 'ERR_REDIS_QUORUM_UNAVAILABLE'
  readonly retryable = true
  /** What was wrong with each of those that did not help. */
  readonly problems: readonly QuorumServerProblem[]

  /** @param servers - How many there are, and how many of them must help. */
  constructor(servers: { readonly count: number; readonly needed: number }, problems: readonly QuorumServerProblem[]) {
    const list = problems.map(({ server, problem }) => `server ${server}: ${problem}`).join('; ')
    super(
      `Redis: ${servers.needed} of ${servers.count} servers are needed, and could not be had (${list}); ask again`,
      {
        cause: problems.find(({ cause }) => cause !== null)?.cause,
      },
    )
    this.problems = problems
  }
}
