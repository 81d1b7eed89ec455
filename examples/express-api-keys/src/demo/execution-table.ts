import { styleText } from 'node:util'
import type { LogEntry } from './instance-process.ts'

/** Colour on a terminal only, and not where `NO_COLOR` is set: `styleText` looks at the stream and the environment. */
const styled: typeof styleText = (format, text) => styleText(format, text, { stream: process.stdout })

const COLUMNS = { tick: 8, job: 20, instance: 10, status: 9, late: 7, took: 7 }

/** One settled or retrying attempt, as an instance told it. */
interface AttemptEntry extends LogEntry {
  readonly executionId: string
  readonly job: string
  readonly scheduledFor: number
  readonly attempt: number
  readonly durationMs: number
  readonly output?: string | null
  readonly error?: { readonly message: string } | null
}

const STATUS: Readonly<Record<string, { readonly text: string; readonly colour: 'green' | 'red' | 'yellow' }>> = {
  'execution:succeeded': { text: 'succeeded', colour: 'green' },
  'execution:failed': { text: 'failed', colour: 'red' },
  'execution:timed-out': { text: 'timed out', colour: 'red' },
  'execution:cancelled': { text: 'cancelled', colour: 'yellow' },
  'execution:retrying': { text: 'retries', colour: 'yellow' },
}

/** Prints executions, a line for each as it ends. */
export class ExecutionTable {
  readonly #latenessMs = new Map<string, number>()

  printHead(): void {
    const { tick, job, instance, status, late, took } = COLUMNS
    const head = [
      'tick'.padEnd(tick),
      'job'.padEnd(job),
      'instance'.padEnd(instance),
      'status'.padEnd(status),
      'late'.padStart(late),
      'took'.padStart(took),
      'result',
    ]
    console.log(styled('dim', `  ${head.join('  ')}`))
  }

  /** Takes in a line of an instance's log; prints it when it ends an attempt. */
  take(instance: string, entry: LogEntry): void {
    if (entry.message === 'execution:started') {
      this.#latenessMs.set(attemptOf(entry as AttemptEntry), Number(entry['latenessMs']))
      return
    }
    const status = STATUS[entry.message]
    if (status !== undefined) this.#print(instance, status, entry as AttemptEntry)
  }

  #print(instance: string, status: (typeof STATUS)[string], entry: AttemptEntry): void {
    const latenessMs = this.#latenessMs.get(attemptOf(entry))
    this.#latenessMs.delete(attemptOf(entry))
    const cells = [
      new Date(entry.scheduledFor).toISOString().slice(11, 19),
      entry.job.padEnd(COLUMNS.job),
      instance.padEnd(COLUMNS.instance),
      styled(status.colour, status.text.padEnd(COLUMNS.status)),
      styled('dim', (latenessMs === undefined ? '' : `${Math.round(latenessMs)} ms`).padStart(COLUMNS.late)),
      `${Math.round(entry.durationMs)} ms`.padStart(COLUMNS.took),
      entry.error?.message ?? resultText(entry.output),
    ]
    console.log(`  ${cells.join('  ')}`)
  }
}

function attemptOf(entry: AttemptEntry): string {
  return `${entry.executionId} ${entry.attempt}`
}

/** `{"total":3,"sent":3}` as `total 3, sent 3`. */
function resultText(output: string | null | undefined): string {
  if (output == null) return ''
  return Object.entries(JSON.parse(output) as object)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')
}
