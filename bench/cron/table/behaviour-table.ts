import { tableText } from '../../harness/result-table.ts'
import { versionOf } from '../../peers/peer-version.ts'
import type { CronContender } from '../cron-contender.ts'
import { OURS, PEERS } from '../cron-contenders.ts'
import { type BehaviourCase, BEHAVIOUR } from './behaviour-cases.ts'
import { atInstant } from './at-instant.ts'

/** What each library answers to each case, as Markdown. */
export function behaviourTable(): string {
  const contenders = [OURS, ...PEERS]
  return BEHAVIOUR.map(({ title, cases }) =>
    tableText({
      caption: title,
      columns: [
        'pattern',
        'zone',
        'asked for',
        ...contenders.map(({ name }) => (name === OURS.name ? name : `${name} ${versionOf(name)}`)),
      ],
      rows: cases.map((one) => [
        `\`${one.pattern}\``,
        one.timezone,
        `${one.ask} of ${one.from.replace('T', ' ')}`,
        ...contenders.map((contender) => answers(contender, one)),
      ]),
    }),
  ).join('\n\n')
}

function answers(contender: CronContender, one: BehaviourCase): string {
  // One of them knows only the present.
  const ticks = atInstant(Date.parse(one.from), () => ticksOf(contender, one))
  return typeof ticks === 'string' ? ticks : ticks.map((tick) => shown(tick, one)).join(', ')
}

function ticksOf(contender: CronContender, { pattern, timezone, from, ask, count }: BehaviourCase): number[] | string {
  const questions = contender.open(pattern, timezone)
  if (questions === null) return 'refused'
  const instant = Date.parse(from)
  try {
    if (ask === 'next' && questions.coming !== undefined) return questions.coming(count)
    const question = questions[ask]
    if (question === null) return '-'
    const ticks: number[] = []
    for (let at: number | null = instant; ticks.length < count; ) {
      at = question(at)
      if (at === null) break
      ticks.push(at)
    }
    return ticks.length === 0 ? 'none' : ticks
  } catch {
    return 'an error when asked'
  }
}

/** Without what the question says already. */
function shown(tick: number, { from }: BehaviourCase): string {
  const text = new Date(tick).toISOString().replace(':00.000Z', 'Z').replace('T', ' ')
  if (text.slice(0, 10) === from.slice(0, 10)) return text.slice(11)
  return text.slice(0, 4) === from.slice(0, 4) ? text.slice(5) : text
}
