import { readSchedule } from '@escapement/core'
import { seededRandom } from '@escapement/testkit'
import type { Benchmark, Cell, Finding, Report, Scale } from '../harness/benchmark.ts'
import { median, percentile } from '../harness/percentile.ts'
import type { Outcome } from '../harness/rounds.ts'
import { versionOf } from '../peers/peer-version.ts'
import { OURS, PEERS } from './cron-contenders.ts'
import { FLOOR } from './cron-floor.ts'
import { measureMemory } from './cron-memory.ts'
import { type CronFigure, type CronScale, measureCron } from './cron-speed.ts'
import { type MeasuredPattern, PATTERNS } from './cron-patterns.ts'

/** Ticks a second of cron patterns beside other libraries. */
export const cron: Benchmark = {
  name: 'cron',
  title: 'Cron ticks',
  run: async (scale) => report(scale),
}

const CONTENDERS = [OURS, ...PEERS, FLOOR]
const FIGURES: readonly CronFigure[] = ['walk', 'random', 'previous']

/** A pattern in a zone with what each contender reached; `timezone` is UTC or its own. */
interface Row {
  readonly pattern: MeasuredPattern
  readonly timezone: string
  readonly outcomes: ReadonlyMap<string, Outcome<CronFigure>>
}

async function report(scale: Scale): Promise<Report> {
  const patterns = scale === 'full' ? PATTERNS : PATTERNS.filter((_, index) => index % 10 === 0 || index === 29)
  const how: CronScale = scale === 'full' ? { rounds: 5, sliceMs: 40 } : { rounds: 1, sliceMs: 10 }
  const rows: Row[] = []
  for (const pattern of patterns) {
    for (const timezone of [pattern.timezone, 'UTC']) {
      rows.push({ pattern, timezone, outcomes: await measureCron(CONTENDERS, pattern.text, timezone, how) })
    }
  }
  const latencies = questionTimes(scale === 'full' ? 400_000 : 20_000)
  const memory = measureMemory(scale === 'full' ? 1 : 0.05)
  return {
    tables: [
      eachPattern(rows.filter(({ timezone }) => timezone !== 'UTC')),
      medians(rows),
      {
        caption: 'One question after warm-up, microseconds; all patterns in their zones from random instants, in turn',
        columns: ['p50', 'p99', 'p99.9', 'max'],
        rows: [[0.5, 0.99, 0.999, 1].map((p) => percentile(latencies, p))],
      },
      {
        caption: 'Memory',
        columns: ['a pattern and its schedule, bytes', `the tables of all ${memory.zones} zones from 1970 to 2100, MB`],
        rows: [[memory.perPattern, memory.allZones / 1e6]],
      },
    ],
    findings: [
      ...speedFindings(rows),
      finding(
        'one question, p99.9',
        `${percentile(latencies, 0.999).toFixed(1)} µs`,
        'at most 50 µs',
        percentile(latencies, 0.999) <= 50,
      ),
      finding(
        'memory of a pattern',
        `${Math.round(memory.perPattern)} bytes`,
        'below 1,024 bytes',
        memory.perPattern < 1_024,
      ),
      finding('memory of all zones', `${(memory.allZones / 1e6).toFixed(1)} MB`, 'below 5 MB', memory.allZones < 5e6),
    ],
    notes: [
      `Peers: ${PEERS.map(({ name }) => `${name} ${versionOf(name)}`).join(', ')}. Each reads a pattern once and is then ` +
        'asked. *Walk* asks for one tick after the other from 22 November 2026; *random* for the tick after, and ' +
        '*previous* for that before, instants of the years 2000 to 2050, all per second of processor time. A dash: it does not read the pattern, or cannot ' +
        'be asked that (node-cron has no way back, and knows only the present; cronosjs has no way back).',
      'The floor is bit masks in a zone whose offset never changes, for five fields of numbers, without a rule for days.',
    ],
  }
}

function eachPattern(rows: readonly Row[]): Report['tables'][number] {
  const thousands = (outcome: Outcome<CronFigure> | undefined, figure: CronFigure): Cell =>
    outcome === undefined ? null : outcome[figure] / 1_000
  return {
    caption: 'Each pattern in its zone, thousands a second',
    columns: ['pattern', 'zone', 'walk', 'random', 'previous', ...[...PEERS, FLOOR].map(({ name }) => `${name}, walk`)],
    rows: rows.map(({ pattern, timezone, outcomes }) => [
      `\`${pattern.text}\``,
      timezone,
      ...FIGURES.map((figure) => thousands(outcomes.get(OURS.name), figure)),
      ...[...PEERS, FLOOR].map(({ name }) => thousands(outcomes.get(name), 'walk')),
    ]),
  }
}

function medians(rows: readonly Row[]): Report['tables'][number] {
  return {
    caption: 'Median of the patterns that each reads, thousands a second',
    columns: [
      '',
      'patterns',
      'zones, walk',
      'zones, random',
      'zones, previous',
      'UTC, walk',
      'UTC, random',
      'UTC, previous',
    ],
    rows: CONTENDERS.map(({ name }) => {
      const read = rows.filter(({ outcomes }) => outcomes.has(name))
      const of = (isUtc: boolean, figure: CronFigure): Cell =>
        medianOf(
          read.filter(({ timezone }) => (timezone === 'UTC') === isUtc),
          name,
          figure,
        ) / 1_000
      return [
        name,
        read.length / 2,
        ...FIGURES.map((figure) => of(false, figure)),
        ...FIGURES.map((figure) => of(true, figure)),
      ]
    }),
  }
}

function medianOf(rows: readonly Row[], name: string, figure: CronFigure): number {
  return median(rows.flatMap(({ outcomes }) => outcomes.get(name)?.[figure] ?? []))
}

function speedFindings(rows: readonly Row[]): Finding[] {
  const zoned = rows.filter(({ timezone }) => timezone !== 'UTC')
  const ours = (kind: MeasuredPattern['kind'], figure: CronFigure): number =>
    Math.min(
      ...zoned.flatMap(({ pattern, outcomes }) =>
        pattern.kind === kind ? (outcomes.get(OURS.name)?.[figure] ?? []) : [],
      ),
    )
  const atLeast = (what: string, figure: number, reach: number): Finding =>
    finding(what, `${thousand(figure)} a second`, `at least ${thousand(reach)}`, figure >= reach)
  return [
    atLeast('everyday patterns with zones, moving, the slower', ours('everyday', 'walk'), 5_000_000),
    atLeast('everyday patterns with zones, random instants, the slower', ours('everyday', 'random'), 1_000_000),
    atLeast('median of all with zones, moving', medianOf(zoned, OURS.name, 'walk'), 1_000_000),
    atLeast('median of all with zones, random instants', medianOf(zoned, OURS.name, 'random'), 1_000_000),
    atLeast('median of all with zones, previous', medianOf(zoned, OURS.name, 'previous'), 1_000_000),
    atLeast('29 February, moving', ours('leap day', 'walk'), 200_000),
    atLeast('29 February, random instants', ours('leap day', 'random'), 200_000),
  ]
}

function finding(what: string, figure: string, reach: string, isReached: boolean): Finding {
  return { what, figure, reach, isReached }
}

function thousand(figure: number): string {
  return (Math.round(figure / 1_000) * 1_000).toLocaleString('en-US')
}

/** How long single questions take, in microseconds, once zones are read and code is compiled. */
function questionTimes(count: number): number[] {
  const random = seededRandom(2)
  const schedules = PATTERNS.map(({ text, timezone }) => readSchedule({ pattern: text, timezone }))
  const [first, last] = [Date.UTC(2000, 0), Date.UTC(2050, 0)]
  const times: number[] = []
  for (let index = -count; index < count; index++) {
    const schedule = schedules[(index + count) % schedules.length]
    const instant = Math.floor(first + random() * (last - first))
    const started = performance.now()
    schedule?.next(instant)
    if (index >= 0) times.push((performance.now() - started) * 1_000)
  }
  return times
}
