import type { Socket } from 'node:net'
import { systemRuntime, type Timer, type TimerQueue } from '@escapement/base'

/** What happens to the bytes of one direction. */
export interface LaneConditions {
  /** How long each chunk is kept back, milliseconds. */
  delayMs: number
  /** The most bytes a second on each connection; infinite: no limit. */
  bytesPerSecond: number
  /** `hold`: kept until they may pass; `swallow`: lost. */
  flow: 'pass' | 'hold' | 'swallow'
}

/** Bytes, or how a side ended its connection: these keep their order among the bytes. */
export type LaneContent = Buffer | 'end' | 'reset'

interface Parcel {
  content: LaneContent
  readonly arrivedAt: number
}

/** The ends of a lane. */
interface LaneEnds {
  readonly source: Socket
  readonly target: Socket
  /** Takes what has come through. */
  readonly deliver: (content: LaneContent) => void
}

/** Once so much waits in a lane, its source is not read. */
const MOST_WAITING_BYTES = 262_144
/** With a limited rate, no more is passed at once than what the limit allows in this time. Milliseconds. */
const RATE_STEP_MS = 20

/** One direction of one connection. What goes in comes out later, in the same order, or never. */
export class ProxyLane {
  readonly #ends: LaneEnds
  readonly #conditions: Readonly<LaneConditions>
  readonly #timers: TimerQueue
  readonly #waiting: Parcel[] = []
  #waitingBytes = 0
  /** When the limit of the rate lets the next bytes through, on the monotonic clock. */
  #freeAt = 0
  #timer: Timer | undefined
  #isLost = false

  constructor(ends: LaneEnds, conditions: Readonly<LaneConditions>, timers: TimerQueue) {
    this.#ends = ends
    this.#conditions = conditions
    this.#timers = timers
  }

  /** Whether something was swallowed: nothing comes through any more, since TCP never leaves a gap in a stream. */
  get isLost(): boolean {
    return this.#isLost
  }

  push(content: LaneContent): void {
    this.#waiting.push({ content, arrivedAt: systemRuntime.monotonic() })
    this.#waitingBytes += sizeOf(content)
    this.pump()
  }

  /** Lets nothing through any more. */
  lose(): void {
    this.#isLost = true
    this.pump()
  }

  /** Passes on what may pass now; to be called whenever that may have changed. */
  pump(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#conditions.flow === 'swallow' && this.#waiting.length > 0) this.#isLost = true
    if (this.#isLost) this.#drop()
    while (this.#passOne());
    const { source } = this.#ends
    if (this.#waitingBytes >= MOST_WAITING_BYTES) source.pause()
    else source.resume()
  }

  #drop(): void {
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  #passOne(): boolean {
    const first = this.#waiting[0]
    if (first === undefined || this.#conditions.flow === 'hold' || this.#ends.target.writableNeedDrain) return false
    const now = systemRuntime.monotonic()
    const waitMs = Math.max(first.arrivedAt + this.#conditions.delayMs, this.#freeAt) - now
    if (waitMs > 0) {
      this.#timer = this.#timers.after(waitMs, () => this.pump())
      return false
    }
    const content = this.#takeFrom(first)
    this.#waitingBytes -= sizeOf(content)
    this.#freeAt = now + (sizeOf(content) / this.#conditions.bytesPerSecond) * 1_000
    this.#ends.deliver(content)
    return true
  }

  /** The parcel, or as much of it as the rate lets through at once. */
  #takeFrom(first: Parcel): LaneContent {
    const { content } = first
    const most = Math.ceil((this.#conditions.bytesPerSecond * RATE_STEP_MS) / 1_000)
    if (sizeOf(content) <= most || typeof content === 'string') {
      this.#waiting.shift()
      return content
    }
    first.content = content.subarray(most)
    return content.subarray(0, most)
  }
}

function sizeOf(content: LaneContent): number {
  return typeof content === 'string' ? 0 : content.length
}
