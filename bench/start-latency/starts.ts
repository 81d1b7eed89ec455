/** When work was asked for and when its handler began: instants of {@link monotonicMs}, by the number in the input. */
export type Instants = Map<number, number>

/** The machine's monotonic clock, which all processes share. Milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1_000_000
}

/** One asks each so often. Milliseconds. */
export const PAUSE_MS = 15

/** Handlers that began, and who waits for all of them. */
export class Starts {
  readonly #at: Instants = new Map()
  readonly #count: number
  readonly #all: PromiseWithResolvers<void> = Promise.withResolvers<void>()

  constructor(count: number) {
    this.#count = count
  }

  /** @param input - As `ask` made it. */
  note(input: unknown): null {
    this.#at.set((input as { readonly n: number }).n, monotonicMs())
    if (this.#at.size === this.#count) this.#all.resolve()
    return null
  }

  /** How long after it was asked for each handler began, once all have. Milliseconds. */
  async since(asked: Instants): Promise<readonly number[]> {
    await this.#all.promise
    return [...asked].map(([n, at]) => (this.#at.get(n) ?? Number.NaN) - at)
  }
}
