import { median } from './percentile.ts'

/** One of several that do the same; `run` answers named figures. */
export interface Contender<Figure extends string> {
  readonly name: string
  /** It takes part in so many rounds at most, since it takes long; default: in all. */
  readonly rounds?: number
  run(): Promise<Readonly<Record<Figure, number>>>
}

/** The figures of one contender: the median of each over all rounds. */
export type Outcome<Figure extends string> = Readonly<Record<Figure, number>>

/**
 * Runs all contenders once a round, round after round, so that what the machine does meanwhile meets them all alike.
 * The order turns from round to round.
 */
export async function interleaved<Figure extends string>(
  contenders: readonly Contender<Figure>[],
  rounds: number,
): Promise<ReadonlyMap<string, Outcome<Figure>>> {
  const seen = new Map<string, Readonly<Record<Figure, number>>[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const turned = contenders.map((_, index) => contenders[(index + round) % contenders.length])
    for (const contender of turned) {
      if (contender === undefined || round >= (contender.rounds ?? rounds)) continue
      globalThis.gc?.()
      seen.get(contender.name)?.push(await contender.run())
    }
  }
  return new Map([...seen].map(([name, figures]) => [name, medians(figures)]))
}

function medians<Figure extends string>(figures: readonly Readonly<Record<Figure, number>>[]): Outcome<Figure> {
  const names = Object.keys(figures[0] ?? {}) as Figure[]
  return Object.fromEntries(names.map((name) => [name, median(figures.map((each) => each[name]))])) as Outcome<Figure>
}
