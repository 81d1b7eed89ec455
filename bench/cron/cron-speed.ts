import { interleaved, type Outcome } from '../harness/rounds.ts'
import { seededRandom } from '@escapement/testkit'
import type { CronContender, CronQuestions } from './cron-contender.ts'

/** Answers a second: one tick after the other, from random instants on, and back from random instants; NaN: not to be asked. */
export type CronFigure = 'walk' | 'random' | 'previous'

/** How much is measured. */
export interface CronScale {
  readonly rounds: number
  /** How long each question is asked in each round, in processor time; the kernel counts that in steps of up to 4 ms. */
  readonly sliceMs: number
}

const START = Date.UTC(2026, 10, 22)
/** Random instants lie in the years that a scheduler and its ledger ask about. */
const [FIRST, LAST] = [Date.UTC(2000, 0), Date.UTC(2050, 0)]
const INSTANTS = 4_096

/** Measures all contenders that can read a pattern, in turn. */
export async function measureCron(
  contenders: readonly CronContender[],
  pattern: string,
  timezone: string,
  { rounds, sliceMs }: CronScale,
): Promise<ReadonlyMap<string, Outcome<CronFigure>>> {
  const random = seededRandom(1)
  const instants = Float64Array.from({ length: INSTANTS }, () => Math.floor(FIRST + random() * (LAST - FIRST)))
  const racing = contenders.flatMap((contender) => {
    const questions = contender.open(pattern, timezone)
    if (questions === null) return []
    const run = (): Promise<Record<CronFigure, number>> => Promise.resolve(figures(questions, instants, sliceMs))
    return [{ name: contender.name, run }]
  })
  // Zones are read, and code is compiled, before anything is measured.
  for (const { run } of [...racing, ...racing]) await run()
  return await interleaved(racing, rounds)
}

function figures(
  { walk, next, previous }: CronQuestions,
  instants: Float64Array,
  sliceMs: number,
): Record<CronFigure, number> {
  const asked = (question: ((instant: number) => number | null) | null): number => {
    if (question === null) return Number.NaN
    let at = 0
    return perSecond(sliceMs, (count) => {
      for (let index = 0; index < count; index++) question(instants[at++ % INSTANTS] as number)
    })
  }
  return {
    walk: walk === null ? Number.NaN : perSecond(sliceMs, (count) => walk(START, count)),
    random: asked(next),
    previous: asked(previous),
  }
}

/**
 * How often something is done in a second of processor time, which others on the machine disturb least; in parts that
 * grow until one takes a good share of the slice.
 */
function perSecond(sliceMs: number, work: (count: number) => void): number {
  let [done, count] = [0, 16]
  const started = process.threadCpuUsage()
  for (;;) {
    const before = performance.now()
    work(count)
    done += count
    const { user, system } = process.threadCpuUsage(started)
    const usedMs = (user + system) / 1_000
    if (usedMs >= sliceMs) return (done * 1_000) / usedMs
    if (performance.now() - before < sliceMs / 16) count *= 2
  }
}
