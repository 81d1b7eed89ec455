import type { LogLine } from '../store/execution.ts'

const MOST_LINES = 500
const MOST_BYTES = 65_536
const LONGEST_MESSAGE = 4_096

/** The log of one attempt: the latest 500 lines or 64 KB, whichever is less; says how many were dropped. */
export class ExecutionLog {
  readonly #lines: LogLine[] = []
  #bytes = 0
  #dropped = 0

  /** Adds a line; an over-long message is cut, over-long fields are left out. */
  add(line: LogLine): void {
    const kept = bounded(line)
    this.#lines.push(kept)
    this.#bytes += sizeOf(kept)
    while (this.#lines.length > MOST_LINES || this.#bytes > MOST_BYTES) {
      const oldest = this.#lines.shift()
      if (oldest === undefined) break
      this.#bytes -= sizeOf(oldest)
      this.#dropped++
    }
  }

  /** Oldest first; a first line says what was dropped. */
  lines(): readonly LogLine[] {
    if (this.#dropped === 0) return [...this.#lines]
    const at = this.#lines[0]?.at ?? 0
    return [{ at, level: 'warn', message: `${this.#dropped} earlier lines were dropped` }, ...this.#lines]
  }
}

function bounded(line: LogLine): LogLine {
  const message =
    line.message.length > LONGEST_MESSAGE ? `${line.message.slice(0, LONGEST_MESSAGE)}… (cut)` : line.message
  const { fields } = line
  if (fields === undefined || fields.length <= MOST_BYTES / 4) return { ...line, message }
  return { at: line.at, level: line.level, message: `${message} (fields of ${fields.length} characters left out)` }
}

function sizeOf(line: LogLine): number {
  return 40 + 2 * line.message.length + 2 * (line.fields?.length ?? 0)
}
