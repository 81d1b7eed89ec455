import { EscapementError, TimerQueue } from '@escapement/base'
import type {
  LockDriver,
  LockGrant,
  LockRefusal,
  LockRelease,
  LockRenewal,
  LockRequest,
  ReleaseWait,
  RenewalOutcome,
} from '@escapement/core'
import { listOf } from '../connection/redis-server.ts'
import { RedisUnavailableError } from '../error/redis-unavailable-error.ts'
import { markersOf, type RedisLockDriver, type RedisLockSettings, warnOfEmptyStore } from '../lock-driver.ts'
import { COMMIT, PROPOSE } from '../script/quorum-scripts.ts'
import { type Gathered, gather } from './gather.ts'

/** How long a server may take to answer when too few others have, milliseconds; of a lease at most a 24th. */
const LONGEST_ANSWER_MS = 1_000
const ANSWERS_PER_TTL = 24
/** When several ask at once and none gets a majority, they ask again at different times. Milliseconds. */
const SPLIT_DELAY_MS = 10

/** What one server has said to a proposal. */
interface Vote {
  readonly isGranted: boolean
  /** The fence under which the owner has the lock already; 0: none was written yet. */
  readonly fence: bigint
  readonly proposal: bigint
  readonly leftMs: number
}

/** Locks that a majority of independent servers has granted. */
export class RedisQuorumDriver implements LockDriver {
  readonly minTtlMs = 500
  readonly maxTtlMs: number
  readonly #nodes: readonly RedisLockDriver[]
  readonly #settings: RedisLockSettings
  readonly #timers: TimerQueue
  readonly #majority: number
  /** So many servers make a majority of the others impossible. */
  readonly #minority: number

  constructor(nodes: readonly RedisLockDriver[], settings: RedisLockSettings) {
    this.#nodes = nodes
    this.#settings = settings
    this.maxTtlMs = settings.maxTtlMs
    this.#timers = new TimerQueue(settings.runtime, { keepAlive: false })
    this.#majority = Math.floor(nodes.length / 2) + 1
    this.#minority = nodes.length - this.#majority + 1
  }

  async tryAcquire(request: LockRequest): Promise<LockGrant | LockRefusal> {
    const { key, owner } = request
    const { runtime } = this.#settings
    const sent = { monotonic: runtime.monotonic(), wall: runtime.now() }
    const { answers, failures } = await this.#proposeInTurn(request)
    const [first] = answers
    if (answers.length === 1 && failures.length === 0 && first?.isGranted === false) return refusal(first.leftMs)
    const grants = answers.filter(({ isGranted }) => isGranted)
    if (grants.length >= this.#majority) {
      const fence = await this.#commit(request, grants)
      const elapsedMs = Math.max(runtime.monotonic() - sent.monotonic, runtime.now() - sent.wall)
      const leftMs = Math.min(...grants.map((grant) => grant.leftMs))
      if (fence !== null && elapsedMs < leftMs) return { isGranted: true, fence, ttlMs: leftMs }
    }
    // Some may have granted it without having answered.
    const isSplit = grants.length > 0
    if (isSplit || answers.length < this.#nodes.length) {
      await this.release({ key, owner, fence: null }).catch(() => undefined)
    }
    if (answers.length < this.#majority) throw this.#tooFew(failures)
    if (isSplit) await runtime.sleep(SPLIT_DELAY_MS * runtime.random())
    // When a majority can be had again.
    const lefts = answers.map(({ isGranted, leftMs }) => (isGranted ? 0 : leftMs)).toSorted((a, b) => a - b)
    return refusal(lefts[this.#majority - 1] ?? -1)
  }

  async renewMany(renewals: readonly LockRenewal[]): Promise<readonly RenewalOutcome[]> {
    if (renewals.length === 0) return []
    const outcomesOf = (answers: readonly (readonly RenewalOutcome[])[]): RenewalOutcome[] =>
      renewals.map((_, index) => {
        const said = (outcome: RenewalOutcome): number => answers.filter((each) => each[index] === outcome).length
        if (said('renewed') >= this.#majority) return 'renewed'
        return said('not-held') >= this.#minority ? 'not-held' : 'unknown'
      })
    const { answers } = await this.#gather(
      Math.min(...renewals.map(({ ttlMs }) => ttlMs)),
      this.#nodes.map((node) => node.renewMany(renewals)),
      (said) => !outcomesOf(said).includes('unknown'),
    )
    return outcomesOf(answers)
  }

  async release(release: LockRelease): Promise<boolean> {
    const verdictOf = (answers: readonly boolean[]): boolean | null => {
      const released = answers.filter(Boolean).length
      if (released >= this.#majority) return true
      return answers.length - released >= this.#minority ? false : null
    }
    // All are asked; the answers of a majority are awaited, those of all where some have nothing to release.
    const { answers, failures } = await this.#gather(
      LONGEST_ANSWER_MS * ANSWERS_PER_TTL,
      this.#nodes.map((node) => node.release(release)),
      (said) => verdictOf(said) === true,
    )
    const verdict = verdictOf(answers)
    if (verdict === null) throw this.#tooFew(failures)
    return verdict
  }

  async waitForRelease(request: LockRequest, { timeoutMs, signal }: ReleaseWait): Promise<void> {
    const done = new AbortController()
    const wait = { timeoutMs, signal: AbortSignal.any([signal, done.signal]) }
    try {
      const { answers, failures } = await gather(
        this.#timers,
        timeoutMs,
        this.#nodes.map((node) => node.waitForRelease(request, wait)),
        (free, open) => free.length >= this.#majority || free.length + open < this.#majority,
      )
      if (answers.length < this.#majority && failures.length >= this.#minority) throw this.#tooFew(failures)
    } finally {
      done.abort()
    }
  }

  async now(): Promise<number> {
    const { answers, failures } = await this.#gather(
      LONGEST_ANSWER_MS * ANSWERS_PER_TTL,
      this.#nodes.map((node) => node.now()),
      (said) => said.length >= this.#majority,
    )
    if (answers.length < this.#majority) throw this.#tooFew(failures)
    return answers.toSorted((a, b) => a - b)[Math.floor(answers.length / 2)] ?? 0
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()))
    this.#timers.close()
  }

  #gather<Answer>(
    ttlMs: number,
    asked: readonly Promise<Answer>[],
    isDecided: (answers: readonly Answer[], open: number) => boolean,
  ): Promise<Gathered<Answer>> {
    const limitMs = Math.min(LONGEST_ANSWER_MS, ttlMs / ANSWERS_PER_TTL)
    return gather(this.#timers, limitMs, asked, isDecided)
  }

  /**
   * Asks one server first, and the others only those whom it grants the key: of many who ask at once all but one are refused
   * there, so that they do not split the votes. Without its answer all others are asked.
   */
  async #proposeInTurn(request: LockRequest): Promise<Gathered<Vote>> {
    const isGranted = (vote: Vote): boolean => vote.isGranted
    const [first, ...others] = this.#nodes.map((node) => () => this.#propose(node, request))
    const before = await this.#gather(request.ttlMs, first === undefined ? [] : [first()], () => false)
    if (before.answers.some((vote) => !vote.isGranted)) return before
    const after = await this.#gather(
      request.ttlMs,
      others.map((ask) => ask()),
      (votes, open) => {
        const granted = [...before.answers, ...votes].filter(isGranted).length
        return granted >= this.#majority || granted + open < this.#majority
      },
    )
    return { answers: [...before.answers, ...after.answers], failures: [...before.failures, ...after.failures] }
  }

  async #propose({ server }: RedisLockDriver, { key, owner, ttlMs }: LockRequest): Promise<Vote> {
    const { names } = this.#settings
    const keys = [names.lock(key), names.fence(key), ...markersOf(this.#settings)]
    const values = [owner, String(ttlMs), String(this.maxTtlMs)]
    const [verdict, fence, leftMs, proposal] = listOf(await server.run(PROPOSE, keys, values))
    if (Number(verdict) === 2) warnOfEmptyStore(this.#settings.logger, Number(leftMs))
    const isGranted = Number(verdict) === 1
    return {
      isGranted,
      fence: isGranted ? BigInt(String(fence)) : 0n,
      proposal: isGranted ? BigInt(String(proposal)) : 0n,
      leftMs: Number(leftMs),
    }
  }

  /** Writes the greatest of the proposals, or the fence that was written before, to a majority; null: not done. */
  async #commit({ key, owner, ttlMs }: LockRequest, grants: readonly Vote[]): Promise<bigint | null> {
    const written = greatest(grants.map(({ fence }) => fence))
    const fence = written > 0n ? written : greatest(grants.map(({ proposal }) => proposal))
    const { names } = this.#settings
    const keys = [names.lock(key), names.fence(key)]
    const isFence = (said: readonly unknown[]): boolean =>
      said.filter((each) => String(each) === String(fence)).length >= this.#majority
    const { answers } = await this.#gather(
      ttlMs,
      this.#nodes.map(({ server }) => server.run(COMMIT, keys, [owner, String(fence)])),
      isFence,
    )
    return isFence(answers) ? fence : null
  }

  #tooFew(failures: readonly unknown[]): EscapementError {
    const hopeless = failures.filter((failure) => EscapementError.is(failure) && !failure.retryable)
    const [first] = hopeless
    if (hopeless.length >= this.#minority && EscapementError.is(first)) return first
    return new RedisUnavailableError(
      `Redis: of ${this.#nodes.length} servers too few have answered, ${this.#majority} are needed; ask again`,
      { cause: new AggregateError(failures) },
    )
  }
}

/** Redis tells negative times of keys that are free, or never expire. */
function refusal(leftMs: number): LockRefusal {
  return { isGranted: false, heldForMs: leftMs < 0 ? null : leftMs }
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most), 0n)
}
