import type { Timer } from '@escapement/base'
import { type LeaseMark, LeaseDeadline } from '../run/lease-deadline.ts'
import type { EngineContext } from '../context/engine-context.ts'
import { callStore } from '../context/store-caller.ts'

/** For how long an instance that stops, or whose start failed, tries to say so; its lease ends in any case. Milliseconds. */
const LEAVE_MS = 2_000
const AFTER_FAILURE_MS = 500

/** What an instance holds, as its heartbeat reports it. */
export interface Holding {
  readonly executionId: string
  readonly fence: bigint
}

/** Who is told what the heartbeat learns. */
export interface MembershipObserver {
  holding(): { readonly holding: readonly Holding[]; readonly claimedUpTo: number }
  /** The lease was renewed. */
  renewed(): void
  /** The lease cannot be trusted any more: everything that runs under it must stop. */
  leaseEnded(): void
  /** Single executions, as they were held under these fences, belong to someone else now. */
  lost(holdings: readonly Holding[]): void
  cancelRequested(executionId: string, by: string | null): void
  /** The instance was declared dead; it has a new id from now on and must announce its handlers again. */
  reborn(previous: string): Promise<void>
}

/**
 * One process start's membership in the cluster: its id, its lease, its heartbeat at a third of the lease (rule 15).
 * A dead id never comes back; the process goes on under a new one.
 */
export class Membership {
  readonly lease: LeaseDeadline
  readonly #context: EngineContext
  readonly #observer: MembershipObserver
  #id: string
  #name: string
  #timer: Timer | undefined
  #leaseTimer: Timer | undefined
  #beating: Promise<void> | undefined
  #isLeft = false
  /** Whether the store may know of it. */
  #isKnown = false
  #isResting = false
  #hasEnded = true
  /** The id that was declared dead, until the observer has dealt with it; null: none was. */
  #diedAs: string | null = null

  constructor(context: EngineContext, observer: MembershipObserver) {
    this.#context = context
    this.#observer = observer
    this.#id = this.#newId()
    this.#name = context.options.instance ?? this.#id
    this.lease = new LeaseDeadline(context.runtime)
  }

  /** The current id. */
  get id(): string {
    return this.#id
  }

  /** Announces the instance. @throws what the store throws, so that `start()` fails in the open. */
  async join(): Promise<void> {
    this.#isResting = false
    this.#isKnown = true
    await this.#register()
    this.#scheduleBeat()
  }

  /** Beats no more, because starting failed, and withdraws as far as the store can be reached; `join` may follow. */
  async rest(): Promise<void> {
    this.#isResting = true
    if (this.#isKnown) await this.#withdraw(AFTER_FAILURE_MS)
  }

  /** Ends the membership: what is still held is given back by whoever looks next. */
  async leave(): Promise<void> {
    this.#isLeft = true
    await this.#withdraw(LEAVE_MS)
  }

  async #withdraw(forMs: number): Promise<void> {
    this.#timer?.cancel()
    await this.#beating?.catch(() => undefined)
    this.#leaseTimer?.cancel()
    const { runtime, store, namespace } = this.#context
    await callStore(runtime, () => store.removeInstance(namespace, this.#id), { forMs })
  }

  /** Beats now, once; concurrent callers share one. */
  beat(): Promise<void> {
    this.#beating ??= this.#beatOnce().finally(() => {
      this.#beating = undefined
    })
    return this.#beating
  }

  /** Never used before, and readable where the host gave a name: it stands in history and events. */
  #newId(): string {
    const id = this.#context.runtime.id()
    const name = this.#context.options.instance
    return name === null ? id : `${name}.${id.slice(-12)}`
  }

  async #register(): Promise<void> {
    const { clock, store, namespace, options } = this.#context
    for (;;) {
      const mark = this.lease.mark()
      const { now, isAlive } = await store.registerInstance(namespace, {
        id: this.#id,
        name: this.#name,
        version: options.version,
        leaseMs: options.leaseMs,
      })
      clock.observe(now, mark.monotonic)
      if (isAlive) return this.#granted(mark)
      this.#id = this.#newId()
    }
  }

  #granted(mark: LeaseMark): void {
    this.lease.grant(mark, this.#context.options.leaseMs)
    this.#hasEnded = false
    this.#watchLease()
  }

  #watchLease(): void {
    this.#leaseTimer?.cancel()
    this.#leaseTimer = this.#context.timers.after(this.lease.remainingMs(), () => this.#checkLease())
  }

  #checkLease(): void {
    if (this.lease.remainingMs() > 0) return this.#watchLease()
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#observer.leaseEnded()
  }

  #scheduleBeat(): void {
    this.#timer?.cancel()
    if (this.#isLeft || this.#isResting) return
    this.#timer = this.#context.timers.after(this.#context.options.leaseMs / 3, () => {
      this.#checkLease()
      this.beat()
        .catch((error: unknown) => this.#context.report(error, 'heartbeat'))
        .finally(() => this.#scheduleBeat())
        .catch(() => undefined)
    })
  }

  async #beatOnce(): Promise<void> {
    const { clock, runtime, store, namespace, options } = this.#context
    const answer = await callStore(
      runtime,
      async () => {
        const mark = this.lease.mark()
        const request = { instance: this.#id, leaseMs: options.leaseMs, ...this.#observer.holding() }
        return { mark, holding: request.holding, result: await store.heartbeat(namespace, request) }
      },
      { forMs: options.leaseMs / 3, onRetry: (error) => this.#context.report(error, 'heartbeat') },
    )
    clock.observe(answer.result.now, answer.mark.monotonic)
    if (!answer.result.isAlive) return this.#rejoin()
    this.#granted(answer.mark)
    await this.#comeBack() // the reply to the registration may have been lost
    this.#observer.renewed()
    const lost = new Set(answer.result.lost)
    if (lost.size > 0) this.#observer.lost(answer.holding.filter(({ executionId }) => lost.has(executionId)))
    for (const request of answer.result.cancel) this.#observer.cancelRequested(request.executionId, request.by)
  }

  /** Goes on under a new id after this one was declared dead. */
  async #rejoin(): Promise<void> {
    this.#diedAs ??= this.#id
    this.lease.end()
    this.#checkLease()
    if (this.#isLeft) return
    this.#id = this.#newId()
    await this.#register()
    await this.#comeBack()
  }

  async #comeBack(): Promise<void> {
    if (this.#diedAs === null) return
    await this.#observer.reborn(this.#diedAs)
    this.#diedAs = null
  }
}
