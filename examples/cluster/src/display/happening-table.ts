import type { Happening } from '../conductor/happenings.ts'
import { styled } from './styled.ts'

const COLUMNS = { time: 8, instance: 8, job: 9, what: 10, late: 7 }

type Colour = 'green' | 'red' | 'yellow'

/** What is shown of an instance's log, and how. */
const SHOWN: Readonly<Record<string, { readonly text: string; readonly colour: Colour }>> = {
  'execution:succeeded': { text: 'succeeded', colour: 'green' },
  'execution:failed': { text: 'failed', colour: 'red' },
  'execution:timed-out': { text: 'timed out', colour: 'red' },
  'execution:retrying': { text: 'retries', colour: 'yellow' },
  'execution:returned': { text: 'hands back', colour: 'yellow' },
  'execution:lost': { text: 'lost', colour: 'yellow' },
  'execution:recovered': { text: 'recovers', colour: 'yellow' },
  'stock:refused': { text: 'REFUSED', colour: 'red' },
  'instance:lost': { text: 'left', colour: 'yellow' },
}

/** Prints what the instances do, a line for each thing as it happens. */
export class HappeningTable {
  readonly #latenessMs = new Map<string, number>()

  printHead(): void {
    const { time, instance, job, what, late } = COLUMNS
    const head = ['time'.padEnd(time), 'instance'.padEnd(instance), 'job'.padEnd(job), 'what'.padEnd(what)]
    console.log(styled('dim', `  ${[...head, 'late'.padStart(late), 'detail'].join('  ')}`))
  }

  /** Takes in what an instance told; prints it when it is worth a line. */
  take({ instance, entry }: Happening): void {
    const attempt = `${String(entry['executionId'])} ${String(entry['attempt'])}`
    if (entry.message === 'execution:started') this.#latenessMs.set(attempt, Number(entry['latenessMs']))
    const shown = SHOWN[entry.message]
    if (shown === undefined) return
    const latenessMs = this.#latenessMs.get(attempt)
    this.#latenessMs.delete(attempt)
    const { time, job, what, late } = COLUMNS
    const cells = [
      clock().padEnd(time),
      instance.padEnd(COLUMNS.instance),
      (typeof entry['job'] === 'string' ? entry['job'] : '').padEnd(job),
      styled(shown.colour, shown.text.padEnd(what)),
      styled('dim', (latenessMs === undefined ? '' : `${Math.round(latenessMs)} ms`).padStart(late)),
      detailOf(entry),
    ]
    console.log(`  ${cells.join('  ').trimEnd()}`)
  }

  /** Says what the conductor does. */
  say(text: string): void {
    console.log(styled('bold', `  ${clock()}  ── ${text}`))
  }
}

function clock(): string {
  return new Date().toISOString().slice(11, 19)
}

function detailOf(entry: Happening['entry']): string {
  const attempt = Number(entry['attempt']) > 1 ? `attempt ${Number(entry['attempt'])}` : ''
  const result = typeof entry['output'] === 'string' ? resultText(entry['output']) : ''
  const others: Readonly<Record<string, string>> = {
    'execution:recovered': `what ${String(entry['from']).split(':')[0]} had left behind`,
    'execution:lost': 'its lease has ended: others may run it',
    'stock:refused': `a write under fence ${String(entry['fence'])}, behind a newer one`,
    'instance:lost': 'was taken for dead, goes on as another member',
  }
  return others[entry.message] ?? [result, attempt].filter((text) => text !== '').join(', ')
}

/** `{"order":3}` as `order 3`. */
function resultText(output: string): string {
  const value: unknown = JSON.parse(output)
  if (typeof value !== 'object' || value === null) return ''
  return Object.entries(value)
    .map(([name, field]) => `${name} ${String(field)}`)
    .join(', ')
}
