import type { Finding } from '../harness/benchmark.ts'
import { CONTENDED_MS, LOCK_REACH, TAKEOVER_MS } from './lock-reach.ts'
import type { MeasuredLock } from './measured-lock.ts'

/** What of ours is judged. */
export function lockFindings(measured: readonly MeasuredLock[]): readonly Finding[] {
  return measured
    .filter(({ contender }) => contender.part === 'ours')
    .flatMap((ours) => [
      ...multipleFindings(ours, measured),
      ...handOffFindings(ours),
      ...takeoverFindings(ours),
      ...contentionFindings(ours),
    ])
}

/** The first floor of a backend is the one by which it is judged. */
export function floorOf({ contender }: MeasuredLock, measured: readonly MeasuredLock[]): MeasuredLock | undefined {
  return measured.find((each) => each.contender.backend === contender.backend && each.contender.part === 'floor')
}

function multipleFindings(ours: MeasuredLock, measured: readonly MeasuredLock[]): Finding[] {
  const { backend } = ours.contender
  const { multiple } = LOCK_REACH[backend]
  const floor = floorOf(ours, measured)
  if (multiple === null || floor === undefined) return []
  const ratio = ours.uncontended.p50 / floor.uncontended.p50
  return [
    {
      what: `acquire + release on ${backend}, p50`,
      figure: `${ratio.toFixed(2)} of the floor`,
      reach: `at most ${multiple} of the floor`,
      isReached: ratio <= multiple,
    },
  ]
}

function handOffFindings({ contender, apart }: MeasuredLock): Finding[] {
  const reach = LOCK_REACH[contender.backend].handOff
  if (reach === null || apart === null) return []
  const { p50, p99 } = apart.handOff.apart
  const about = `hand-off between processes on ${contender.backend}`
  return [
    atMost(`${about}, p50`, p50, reach.p50Ms),
    ...(reach.p99Ms === null ? [] : [atMost(`${about}, p99`, p99, reach.p99Ms)]),
  ]
}

function takeoverFindings({ contender, apart }: MeasuredLock): Finding[] {
  if (apart === null) return []
  return [atMost(`takeover of a dead holder on ${contender.backend}, beyond its lease`, apart.takeoverMs, TAKEOVER_MS)]
}

function contentionFindings({ contender, contention }: MeasuredLock): Finding[] {
  if (contention === null) return []
  const about = `100 keys in contention on ${contender.backend}, p99`
  return [
    atMost(`${about}, acquire`, contention.steady.acquireP99, CONTENDED_MS),
    atMost(`${about}, release`, contention.steady.releaseP99, CONTENDED_MS),
  ]
}

function atMost(what: string, ms: number, mostMs: number): Finding {
  return { what, figure: `${ms.toFixed(ms < 10 ? 2 : 0)} ms`, reach: `at most ${mostMs} ms`, isReached: ms <= mostMs }
}
