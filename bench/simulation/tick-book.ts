import type { SimulatedJob } from './simulated-job.ts'

const RAN = 1
const IN_SPAN = 2

/**
 * Every tick that a brute-force count expects in (start, end], and what was noted of it as it happened: that a handler
 * saw it, that it went into a span. Ticks that nobody expects, and spans that miscount, are differences at once.
 */
export class TickBook {
  readonly #jobs: ReadonlyMap<
    string,
    { readonly job: SimulatedJob; readonly first: number; readonly noted: Uint8Array }
  >
  readonly #differences: string[] = []
  #runs = 0

  constructor(jobs: readonly SimulatedJob[], start: number, end: number) {
    this.#jobs = new Map(
      jobs.map((job) => {
        const first = Math.floor((start - job.phaseMs) / job.periodMs) * job.periodMs + job.phaseMs + job.periodMs
        let count = 0
        for (let tick = first; tick <= end; tick += job.periodMs) count++
        return [job.name, { job, first, noted: new Uint8Array(count) }]
      }),
    )
  }

  /** How many ticks are expected. */
  get expected(): number {
    let sum = 0
    for (const { noted } of this.#jobs.values()) sum += noted.length
    return sum
  }

  /** How often handlers were called, repeats after crashes included. */
  get runs(): number {
    return this.#runs
  }

  /** How many ticks handlers have seen. */
  get ran(): number {
    return this.#count(RAN)
  }

  /** How many ticks went into spans. */
  get folded(): number {
    return this.#count(IN_SPAN)
  }

  /** A handler was called for a tick. */
  saw(job: string, tick: number): void {
    this.#runs++
    this.#note(job, tick, RAN)
  }

  /** Ticks went into a span. */
  spanned(job: string, from: number, to: number, count: number): void {
    const known = this.#jobs.get(job)
    if (known === undefined) return
    let covered = 0
    for (let tick = from; tick <= to; tick += known.job.periodMs, covered++) this.#note(job, tick, IN_SPAN)
    if (covered !== count)
      this.#differ(`${job}: a span from ${iso(from)} to ${iso(to)} counts ${count} of ${covered} ticks`)
  }

  /** What differs from the brute-force count: nothing, if all is well. Every tick must have run or stand in a span. */
  differences(): readonly string[] {
    const missing: string[] = []
    for (const [name, { job, first, noted }] of this.#jobs) {
      for (const [index, mark] of noted.entries()) {
        if (mark === 0) missing.push(`${name}: nothing is known of ${iso(first + index * job.periodMs)}`)
        if (mark === RAN + IN_SPAN)
          missing.push(`${name}: ${iso(first + index * job.periodMs)} ran and stands in a span`)
      }
    }
    return [...this.#differences, ...missing]
  }

  #note(name: string, tick: number, mark: number): void {
    const known = this.#jobs.get(name)
    if (known === undefined) return this.#differ(`${name}: nobody knows this job`)
    const index = (tick - known.first) / known.job.periodMs
    const before = known.noted[index]
    if (before === undefined) return this.#differ(`${name}: nobody expects a tick at ${iso(tick)}`)
    known.noted[index] = before | mark
  }

  #differ(difference: string): void {
    if (this.#differences.length < 100) this.#differences.push(difference)
  }

  #count(mark: number): number {
    let sum = 0
    for (const { noted } of this.#jobs.values()) for (const each of noted) if ((each & mark) !== 0) sum++
    return sum
  }
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
