import type {
  LockDriver,
  LockGrant,
  LockRefusal,
  LockRelease,
  LockRenewal,
  LockRequest,
  RegisterAdvance,
  ReleaseWait,
  RenewalOutcome,
} from '@escapement/core'
import type { RedisLockSettings } from '../lock-driver.ts'
import type { AttemptTime } from './attempt-time.ts'
import { Quorum } from './quorum.ts'
import { QuorumRegisters } from './quorum-registers.ts'
import type { EmptyServer, QuorumServer, Vote } from './quorum-server.ts'
import { Recovery } from './recovery.ts'
import type { Round } from './round.ts'

/** When several have a part of the servers each, they ask again at different times. Milliseconds. */
const SPLIT_DELAY_MS = 10
/** How long a release that a majority has done is awaited at the others, milliseconds: part of the answer to the shortest lease. */
const LAST_RELEASE_MS = 40
/** How long it is awaited that something is given back, milliseconds. */
const LONGEST_RETURN_MS = 500

/** What was granted, by the servers that have. */
type Grants = ReadonlyMap<QuorumServer, Extract<Vote, { readonly kind: 'granted' }>>

/** Locks that a majority of independent servers has granted. */
export class RedisQuorumDriver implements LockDriver {
  readonly minTtlMs = 500
  readonly maxTtlMs: number
  readonly #settings: RedisLockSettings
  readonly #quorum: Quorum
  readonly #recovery: Recovery
  readonly #registers: QuorumRegisters
  /** By owner: its attempts that are under way. A second one waits, lest the first gives back what the second has. */
  readonly #underWay = new Map<string, Promise<unknown>>()
  /** The greatest fence that was given back of a request that is made again and again. */
  readonly #givenBack = new WeakMap<LockRequest, bigint>()

  constructor(servers: readonly QuorumServer[], settings: RedisLockSettings) {
    const { runtime, logger, maxTtlMs, hasQuarantine } = settings
    this.maxTtlMs = maxTtlMs
    this.#settings = settings
    this.#quorum = new Quorum(servers, runtime)
    this.#recovery = new Recovery(this.#quorum, logger, hasQuarantine ? maxTtlMs : 0)
    this.#registers = new QuorumRegisters(this.#quorum, this.#recovery, runtime)
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | LockRefusal> {
    const { owner, ttlMs } = request
    const before = this.#underWay.get(owner)
    const time = this.#quorum.attempt(ttlMs)
    const attempt = (before ?? Promise.resolve()).then(() => this.#attempt(request, time))
    const ended = attempt.then(
      () => undefined,
      () => undefined,
    )
    this.#underWay.set(owner, ended)
    try {
      return await attempt
    } finally {
      if (this.#underWay.get(owner) === ended) this.#underWay.delete(owner)
    }
  }

  async renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    if (renewals.length === 0) return []
    const outcomesOf = ({ answers }: Round<readonly RenewalOutcome[]>): RenewalOutcome[] =>
      renewals.map((_, index) => {
        const said = (outcome: RenewalOutcome): number =>
          [...answers.values()].filter((each) => each[index] === outcome).length
        if (said('renewed') >= this.#quorum.majority) return 'renewed'
        return said('not-held') >= this.#quorum.minority ? 'not-held' : 'unknown'
      })
    const round = await this.#quorum.ask(
      this.#quorum.attempt(Math.min(...renewals.map(({ ttlMs }) => ttlMs))).leftMs(),
      (server) => server.renewMany(renewals),
      (sofar) => !outcomesOf(sofar).includes('unknown'),
    )
    if (round.answers.size < this.#quorum.majority) throw this.#quorum.unavailable(round)
    return outcomesOf(round)
  }

  async release(release: LockRelease): Promise<boolean> {
    const releasing = new Map(this.#quorum.servers.map((server) => [server, server.release(release)]))
    const answerOf = async (server: QuorumServer): Promise<boolean> => (await releasing.get(server)) === true
    const round = await this.#quorum.ask(
      this.#quorum.attempt().leftMs(),
      answerOf,
      (sofar) => sofar.count(Boolean) >= this.#quorum.majority,
    )
    if (round.count(Boolean) >= this.#quorum.majority) {
      // The one that is asked first next time would else refuse what a majority has free.
      const last = await this.#quorum.ask(LAST_RELEASE_MS, answerOf, (sofar) => this.#quorum.isHeard(sofar))
      this.#releaseElsewhere(release, last)
      return true
    }
    if (round.count((is) => !is) >= this.#quorum.minority) return false
    throw this.#quorum.unavailable(round)
  }

  /** Until a majority is free, the one among them that is asked first. */
  async waitForRelease(request: LockRequest, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    const done = new AbortController()
    const wait = { timeoutMs, signal: AbortSignal.any([signal, done.signal]) }
    const [leader] = this.#quorum.inOrder()
    try {
      const round = await this.#quorum.ask(
        Number.POSITIVE_INFINITY, // each of them ends its wait in time
        (server) => server.waitForRelease(request, wait),
        ({ answers, problems }) =>
          problems.size >= this.#quorum.minority ||
          (answers.size >= this.#quorum.majority &&
            (leader === undefined || answers.has(leader) || problems.has(leader))),
      )
      if (round.problems.size >= this.#quorum.minority) throw this.#quorum.unavailable(round)
    } finally {
      done.abort()
    }
  }

  advanceMany(entries: readonly RegisterAdvance[]): Promise<readonly boolean[]> {
    return this.#registers.advance(entries)
  }

  /** That in the middle, so that one clock that is off moves nothing. */
  async now(): Promise<number> {
    const { majority } = this.#quorum
    const round = await this.#quorum.ask(
      this.#quorum.attempt().leftMs(),
      (server) => server.now(),
      (sofar) => sofar.answers.size >= majority && this.#quorum.isHeard(sofar),
    )
    if (round.answers.size < majority) throw this.#quorum.unavailable(round)
    const clocks = [...round.answers.values()].toSorted((a, b) => a - b)
    return clocks[Math.floor((clocks.length - 1) / 2)] ?? 0
  }

  close(): Promise<void> {
    return this.#quorum.close()
  }

  async #attempt(request: LockRequest, time: AttemptTime, isAgain: boolean = false): Promise<LockGrant | LockRefusal> {
    const round = await this.#propose(request, time)
    const grants: Grants = new Map(
      [...round.answers].flatMap(([server, vote]) => (vote.kind === 'granted' ? [[server, vote]] : [])),
    )
    const grant = grants.size < this.#quorum.majority ? null : await this.#agree(request, grants, time)
    const isTaught = await this.#recovery.teachEmpty(time)
    if (grant !== null && time.isTrusted(grant.ttlMs)) return grant
    if (isTaught && !isAgain) return this.#attempt(request, time, true)
    const refused = [...round.answers.values()].flatMap((vote) => (vote.kind === 'refused' ? [vote.leftMs] : []))
    const isHeldByOne = grants.size === 0 && refused.length > 0
    const isSplit = grants.size < this.#quorum.majority && grants.size + refused.length >= this.#quorum.majority
    // Without an answer it stays as it is: the owner asks again, or releases everything.
    if (!isHeldByOne && !isSplit) throw this.#quorum.unavailable(round)
    if (grants.size > 0) await this.#giveBack(request, grants)
    return refusal(Math.min(...refused))
  }

  /** Each server gives the lock with the fence of the first one, or with a greater one where that is too small. */
  #propose(request: LockRequest, time: AttemptTime): Promise<Round<Vote | EmptyServer>> {
    const isGranted = ({ kind }: Vote | EmptyServer): boolean => kind === 'granted'
    return this.#quorum.askInTurn<Vote>(
      time,
      (server, led) =>
        server.propose(request, led?.kind === 'granted' ? led.fence : null, this.#givenBack.get(request) ?? 0n),
      (led) => !isGranted(led),
      (round, open) => {
        const count = round.count(isGranted)
        return count >= this.#quorum.majority || count + open < this.#quorum.majority
      },
    )
  }

  /** The fence that a majority has, or else the greatest of all, once a majority has it. */
  async #agree(request: LockRequest, grants: Grants, time: AttemptTime): Promise<LockGrant | null> {
    const votes = [...grants.values()]
    for (const { fence } of votes) {
      const same = votes.filter((vote) => vote.fence === fence)
      if (same.length >= this.#quorum.majority)
        return granted(
          fence,
          same.map(({ leftMs }) => leftMs),
        )
    }
    const fence = greatestFence(grants)
    const raised = await this.#quorum.ask(
      time.leftMs(),
      (server) => server.raise(request, fence),
      (sofar) => sofar.count((leftMs) => leftMs !== null) >= this.#quorum.majority,
    )
    const lefts = [...raised.answers.values()].filter((leftMs) => leftMs !== null)
    return lefts.length >= this.#quorum.majority ? granted(fence, lefts) : null
  }

  /** A server whose answer came too late to be heard may have given the lock under another fence. */
  #releaseElsewhere(release: LockRelease, { answers }: Round<boolean>): void {
    const others = this.#quorum.servers.filter((server) => answers.get(server) !== true)
    const releaseAny = (server: QuorumServer): Promise<boolean> => server.release({ ...release, fence: null })
    void this.#quorum.ask(LONGEST_RETURN_MS, releaseAny, () => false, others)
  }

  /** Lets others have what is not enough, and does not ask again at the same time as they. */
  async #giveBack(request: LockRequest, grants: Grants): Promise<void> {
    const { key, owner, ttlMs } = request
    const release = async (server: QuorumServer): Promise<boolean> =>
      server.release({ key, owner, fence: grants.get(server)?.fence ?? null })
    this.#givenBack.set(request, greatestFence(grants))
    await this.#quorum.ask(Math.min(LONGEST_RETURN_MS, ttlMs / 24), release, () => false, [...grants.keys()])
    const { runtime } = this.#settings
    await runtime.sleep(SPLIT_DELAY_MS * runtime.random())
  }
}

function greatestFence(grants: Grants): bigint {
  return [...grants.values()].reduce((most, { fence }) => (fence > most ? fence : most), 0n)
}

/** Redis tells negative times of keys that are free, or never expire. */
function refusal(leftMs: number): LockRefusal {
  return { isGranted: false, heldForMs: leftMs < 0 ? null : leftMs }
}

function granted(fence: bigint, leftsMs: readonly number[]): LockGrant {
  return { isGranted: true, fence, ttlMs: Math.min(...leftsMs) }
}
