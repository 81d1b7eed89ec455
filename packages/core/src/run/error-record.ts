import type { ErrorRecord } from '../store/execution.ts'

const LONGEST_NAME = 200
const LONGEST_MESSAGE = 8_192
const LONGEST_STACK = 16_384
/** Secrets are removed before the final cut, or a piece of one could stand at its edge; before that this much is read. */
const READ_AHEAD = 8
const DEEPEST_CAUSE = 4

/** What a handler threw, whatever it was, with its causes; to be redacted, then cut by {@link boundedRecord}. */
export function errorRecord(thrown: unknown, depth = 0): ErrorRecord {
  if (!(thrown instanceof Error)) {
    return {
      name: 'NonError',
      message: cut(`a value that is not an Error was thrown: ${shown(thrown)}`, READ_AHEAD * LONGEST_MESSAGE),
    }
  }
  const code = (thrown as { code?: unknown }).code
  return {
    name: cut(shown(thrown.name), READ_AHEAD * LONGEST_NAME),
    message: cut(shown(thrown.message), READ_AHEAD * LONGEST_MESSAGE),
    ...(typeof thrown.stack === 'string' && { stack: cut(thrown.stack, READ_AHEAD * LONGEST_STACK) }),
    ...((typeof code === 'string' || typeof code === 'number') && {
      code: cut(String(code), READ_AHEAD * LONGEST_NAME),
    }),
    ...(thrown.cause !== undefined && depth < DEEPEST_CAUSE && { cause: errorRecord(thrown.cause, depth + 1) }),
  }
}

/** The same, short enough to be stored. */
export function boundedRecord(record: ErrorRecord): ErrorRecord {
  const { name, message, stack, code, cause } = record
  return {
    name: cut(name, LONGEST_NAME),
    message: cut(message, LONGEST_MESSAGE),
    ...(stack !== undefined && { stack: cut(stack, LONGEST_STACK) }),
    ...(code !== undefined && { code: cut(code, LONGEST_NAME) }),
    ...(cause !== undefined && { cause: boundedRecord(cause) }),
  }
}

/** The text of anything: JSON where it is an object. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined) return 'undefined'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol' || typeof value === 'bigint') return `${typeof value} ${value.toString()}`
  try {
    return JSON.stringify(value)
  } catch {
    return 'an object that cannot be shown'
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (cut)` : text
}
