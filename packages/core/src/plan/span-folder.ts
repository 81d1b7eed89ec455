import type { Span, SpanReason } from '../store/span.ts'

/** Gathers ticks of one job and revision, given in rising order, into spans of equal verdict (rule 4). */
export class SpanFolder {
  readonly #of: Pick<Span, 'job' | 'revision'>
  readonly #spans: Span[] = []
  #open: Span | undefined

  constructor(of: Pick<Span, 'job' | 'revision'>) {
    this.#of = { job: of.job, revision: of.revision }
  }

  /** Adds a tick that does not run. */
  fold(tick: number, reason: SpanReason): void {
    if (this.#open?.reason === reason) {
      this.#open = { ...this.#open, to: tick, count: this.#open.count + 1 }
      return
    }
    this.cut()
    this.#open = { ...this.#of, from: tick, to: tick, count: 1, reason }
  }

  /** A tick that has an execution lies here: no span reaches across it. */
  cut(): void {
    if (this.#open !== undefined) this.#spans.push(this.#open)
    this.#open = undefined
  }

  /** The spans so far, oldest first. */
  spans(): readonly Span[] {
    return this.#open === undefined ? this.#spans : [...this.#spans, this.#open]
  }
}
